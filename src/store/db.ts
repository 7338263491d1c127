/** The one door to SQLite: opens, migrates, and refuses a home that a newer Holdfast has written. */
import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from 'node:sqlite';
import { fail } from '../core/errors.ts';
import { MIGRATIONS } from './migrations.ts';

export type Row = Readonly<Record<string, SQLOutputValue>>;

export interface Db extends Disposable {
  all(sql: string, ...values: SQLInputValue[]): Row[];
  get(sql: string, ...values: SQLInputValue[]): Row | undefined;
  run(sql: string, ...values: SQLInputValue[]): void;
  /** All or nothing; not nested. */
  transaction<T>(work: () => T): T;
}

/**
 * @param path  file, or `:memory:`
 * @throws home-too-new, home-unusable
 */
export function openDb(path: string): Db {
  const db = connect(path);
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;');
    migrate(db, path);
  } catch (error) {
    db.close();
    throw asHomeError(error, path);
  }
  return {
    all: (sql, ...values) => db.prepare(sql).all(...values),
    get: (sql, ...values) => db.prepare(sql).get(...values),
    run: (sql, ...values) => void db.prepare(sql).run(...values),
    transaction(work) {
      db.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        db.exec('COMMIT');
        return result;
      } catch (error) {
        db.exec('ROLLBACK');
        throw error;
      }
    },
    [Symbol.dispose]: () => db.close(),
  };
}

function connect(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path);
  } catch (error) {
    throw asHomeError(error, path);
  }
}

/** `user_version` counts the migrations that the file has seen. */
function migrate(db: DatabaseSync, path: string): void {
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > MIGRATIONS.length) {
    throw fail('home-too-new', `${path} was written by a newer Holdfast (its schema is ${version}, this one knows ${MIGRATIONS.length})`, {
      hint: 'update Holdfast, or choose another HOLDFAST_HOME',
    });
  }
  MIGRATIONS.slice(version).forEach((sql, offset) => {
    db.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${version + offset + 1}; COMMIT;`);
  });
}

function asHomeError(error: unknown, path: string): Error {
  if (error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR') {
    return fail('home-unusable', `${path} cannot be used as Holdfast's database: ${error.message}`, {
      hint: 'see who owns the file and whether the disk is full; a damaged file can be moved away, the instances in it are then unknown',
      cause: error,
    });
  }
  return error instanceof Error ? error : new Error(String(error));
}
