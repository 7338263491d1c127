/** Operations as they are kept: enough to say how they ended, and to finish or undo those that a dead daemon left. */
import type { Db, Row } from './db.ts';

export interface OperationRow {
  readonly id: string;
  readonly kind: string;
  /** Id (not name) of the instance it works on. */
  readonly instance: string | null;
  /** The step that was begun last; empty before the first. */
  readonly step: string;
  readonly status: string;
  /** What was asked, as JSON. */
  readonly request: string;
  /** The wire form, as JSON. */
  readonly record: string;
  readonly startedAt: string;
  /** uid of who asked for it; null: the daemon's own user. */
  readonly owner: number | null;
}

export interface OperationStore {
  insert(row: OperationRow): void;
  update(id: string, change: { readonly step: string; readonly status: string; readonly record: string; readonly instance: string | null }): void;
  get(id: string): OperationRow | undefined;
  unfinished(): OperationRow[];
  /** Keeps the newest that have ended. */
  prune(keep: number): void;
}

export function operationStore(db: Db): OperationStore {
  return {
    insert: (row) => db.run(
      'INSERT INTO operations (id, kind, instance, step, status, request, record, started_at, owner) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      row.id, row.kind, row.instance, row.step, row.status, row.request, row.record, row.startedAt, row.owner,
    ),
    update: (id, { step, status, record, instance }) =>
      db.run('UPDATE operations SET step = ?, status = ?, record = ?, instance = ? WHERE id = ?', step, status, record, instance, id),
    get(id) {
      const row = db.get('SELECT * FROM operations WHERE id = ?', id);
      return row && fromRow(row);
    },
    unfinished: () => db.all("SELECT * FROM operations WHERE status = 'running' ORDER BY started_at").map(fromRow),
    prune: (keep) => db.run(
      "DELETE FROM operations WHERE status <> 'running' AND id NOT IN (SELECT id FROM operations ORDER BY started_at DESC LIMIT ?)", keep,
    ),
  };
}

function fromRow(row: Row): OperationRow {
  return {
    id: String(row['id']),
    kind: String(row['kind']),
    instance: row['instance'] === null ? null : String(row['instance']),
    step: String(row['step']),
    status: String(row['status']),
    request: String(row['request']),
    record: String(row['record']),
    startedAt: String(row['started_at']),
    owner: row['owner'] === null ? null : Number(row['owner']),
  };
}
