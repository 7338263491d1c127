/** Instances as they are kept: what was asked for, what is wanted now, what was last seen. */
import type { Instance, State } from '../core/instance.ts';
import { STATES } from '../core/instance.ts';
import type { Db, Row } from './db.ts';

export interface Wanted {
  readonly running: boolean;
  readonly deleted: boolean;
}

export interface Observed {
  readonly state: State;
  readonly reason: string | null;
  readonly at: string;
}

export interface InstanceRecord {
  readonly instance: Instance;
  readonly timezone: string;
  readonly userData: Uint8Array | undefined;
  readonly wanted: Wanted;
  readonly observed: Observed;
}

export interface InstanceStore {
  all(): InstanceRecord[];
  insert(record: InstanceRecord): void;
  setSpec(id: string, spec: Instance['spec']): void;
  setWanted(id: string, wanted: Wanted): void;
  setObserved(id: string, observed: Observed): void;
  remove(id: string): void;
}

export function instanceStore(db: Db): InstanceStore {
  return {
    all: () => db.all(
      'SELECT * FROM instances JOIN wanted ON wanted.instance = id JOIN observed ON observed.instance = id ORDER BY created_at',
    ).map(fromRow),
    insert({ instance, timezone, userData, wanted, observed }) {
      db.transaction(() => {
        db.run(
          'INSERT INTO instances (id, name, architecture, node, owner, zone, spec, image, timezone, user_data, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
          instance.id, instance.name, instance.architecture, instance.node, instance.owner, instance.zone,
          JSON.stringify(instance.spec), JSON.stringify(instance.image), timezone, userData ?? null, instance.createdAt,
        );
        db.run('INSERT INTO wanted (instance, running, deleted) VALUES (?, ?, ?)', instance.id, Number(wanted.running), Number(wanted.deleted));
        db.run('INSERT INTO observed (instance, state, reason, at) VALUES (?, ?, ?, ?)', instance.id, observed.state, observed.reason, observed.at);
      });
    },
    setSpec: (id, spec) => db.run('UPDATE instances SET spec = ? WHERE id = ?', JSON.stringify(spec), id),
    setWanted: (id, { running, deleted }) =>
      db.run('UPDATE wanted SET running = ?, deleted = ? WHERE instance = ?', Number(running), Number(deleted), id),
    setObserved: (id, { state, reason, at }) =>
      db.run('UPDATE observed SET state = ?, reason = ?, at = ? WHERE instance = ?', state, reason, at, id),
    remove: (id) => db.run('DELETE FROM instances WHERE id = ?', id),
  };
}

function fromRow(row: Row): InstanceRecord {
  const text = (column: string) => String(row[column]);
  const state = STATES.find((known) => known === row['state']) ?? 'Unknown';
  return {
    instance: {
      id: text('id'),
      name: text('name'),
      architecture: text('architecture') as Instance['architecture'],
      node: text('node'),
      owner: Number(row['owner']),
      zone: text('zone'),
      spec: JSON.parse(text('spec')) as Instance['spec'],
      image: JSON.parse(text('image')) as Instance['image'],
      createdAt: text('created_at'),
    },
    timezone: text('timezone'),
    userData: row['user_data'] instanceof Uint8Array ? row['user_data'] : undefined,
    wanted: { running: row['running'] === 1, deleted: row['deleted'] === 1 },
    observed: { state, reason: row['reason'] === null ? null : text('reason'), at: text('at') },
  };
}
