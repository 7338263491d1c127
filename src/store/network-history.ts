/** Revisions of guests' netplan files, and what was last seen of a guest's network: both go with their instance. */
import type { Origin, Outcome, Revision } from '../core/network/revision.ts';
import type { Db, Row } from './db.ts';

/** For each instance. The first one, which it was launched with, is kept besides. */
const KEPT_REVISIONS = 100;
const KEPT_BYTES = 4 * 1024 * 1024;

export interface NetworkHistoryStore {
  /** In order of their numbers. */
  all(instance: string): Revision[];
  get(instance: string, number: number): Revision | undefined;
  /** As core/network/revision.ts has it, without reading all the others. */
  standing(instance: string): Revision | undefined;
  /** The last one that is neither confirmed nor undone. */
  armed(instance: string): Revision | undefined;
  hasTransaction(instance: string, transaction: string): boolean;
  /** How many changes by hand were seen since then. */
  byHandSince(instance: string, at: string): number;
  /** @returns its number; the oldest that are too many, or too much, go */
  add(instance: string, revision: Omit<Revision, 'number'>): number;
  /** Takes the place of the files of one that is there. */
  replaceFiles(instance: string, number: number, files: Revision['files']): void;
  settle(instance: string, number: number, outcome: Outcome, reason: string | null): void;
  /** Instances that have one which is neither confirmed nor undone. */
  pending(): { readonly instance: string; readonly revision: Revision }[];
  /** As JSON; undefined when nothing was. */
  seen(instance: string): { readonly at: string; readonly json: string } | undefined;
  see(instance: string, at: string, json: string): void;
}

export function networkHistoryStore(db: Db): NetworkHistoryStore {
  const prune = (instance: string): void => {
    const rows = db.all('SELECT number, octet_length(files) AS bytes, outcome FROM network_revisions WHERE instance = ? ORDER BY number DESC', instance);
    let bytes = 0;
    for (const [index, row] of rows.entries()) {
      bytes += Number(row['bytes']);
      const isFirst = index === rows.length - 1;
      if (index < KEPT_REVISIONS && (bytes <= KEPT_BYTES || index === 0)) continue;
      if (!isFirst && row['outcome'] !== 'applied') db.run('DELETE FROM network_revisions WHERE instance = ? AND number = ?', instance, Number(row['number']));
    }
  };
  const last = (instance: string, outcomes: string): Revision | undefined => {
    const row = db.get(`SELECT * FROM network_revisions WHERE instance = ? AND outcome IN (${outcomes}) ORDER BY number DESC LIMIT 1`, instance);
    return row && fromRow(row);
  };
  return {
    standing: (instance) => last(instance, "'seen', 'committed'"),
    armed: (instance) => last(instance, "'applied'"),
    hasTransaction: (instance, transaction) => db.get('SELECT 1 FROM network_revisions WHERE instance = ? AND transaction_id = ?', instance, transaction) !== undefined,
    byHandSince: (instance, at) => Number(db.get("SELECT count(*) AS times FROM network_revisions WHERE instance = ? AND origin = 'hand' AND at > ?", instance, at)?.['times'] ?? 0),
    all: (instance) => db.all('SELECT * FROM network_revisions WHERE instance = ? ORDER BY number', instance).map(fromRow),
    get(instance, number) {
      const row = db.get('SELECT * FROM network_revisions WHERE instance = ? AND number = ?', instance, number);
      return row && fromRow(row);
    },
    add: (instance, { at, origin, command, transaction, outcome, reason, files }) => db.transaction(() => {
      const last = Number(db.get('SELECT max(number) AS last FROM network_revisions WHERE instance = ?', instance)?.['last'] ?? 0);
      db.run(
        'INSERT INTO network_revisions (instance, number, at, origin, command, transaction_id, outcome, reason, files) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
        instance, last + 1, at, origin, command, transaction, outcome, reason, JSON.stringify(files),
      );
      prune(instance);
      return last + 1;
    }),
    replaceFiles: (instance, number, files) =>
      db.run('UPDATE network_revisions SET files = ? WHERE instance = ? AND number = ?', JSON.stringify(files), instance, number),
    settle: (instance, number, outcome, reason) =>
      db.run('UPDATE network_revisions SET outcome = ?, reason = ? WHERE instance = ? AND number = ?', outcome, reason, instance, number),
    pending: () => db.all("SELECT * FROM network_revisions WHERE outcome = 'applied' ORDER BY at").map((row) => ({ instance: String(row['instance']), revision: fromRow(row) })),
    seen(instance) {
      const row = db.get('SELECT at, json FROM network_seen WHERE instance = ?', instance);
      return row && { at: String(row['at']), json: String(row['json']) };
    },
    see: (instance, at, json) => db.run(
      'INSERT INTO network_seen (instance, at, json) VALUES (?, ?, ?) ON CONFLICT (instance) DO UPDATE SET at = excluded.at, json = excluded.json', instance, at, json,
    ),
  };
}

function fromRow(row: Row): Revision {
  const orNull = (column: string): string | null => (row[column] === null ? null : String(row[column]));
  return {
    number: Number(row['number']), at: String(row['at']), origin: String(row['origin']) as Origin, command: orNull('command'), transaction: orNull('transaction_id'),
    outcome: String(row['outcome']) as Outcome, reason: orNull('reason'), files: JSON.parse(String(row['files'])) as Revision['files'],
  };
}
