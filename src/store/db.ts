/** The one door to SQLite: opens, migrates, and refuses a home that a newer Holdfast has written. */
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
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
  if (path !== ':memory:') makePrivate(path);
  const db = connect(path);
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;');
    migrate(db, path);
    if (path !== ':memory:') reserve(db);
  } catch (error) {
    db.close();
    throw asHomeError(error, path);
  }
  return {
    all: (sql, ...values) => db.prepare(sql).all(...values),
    get: (sql, ...values) => db.prepare(sql).get(...values),
    run: (sql, ...values) => writing(db, path, () => void db.prepare(sql).run(...values)),
    transaction: (work) => writing(db, path, () => {
      db.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        db.exec('COMMIT');
        return result;
      } catch (error) {
        // A full disk has rolled it back already.
        if (db.isTransaction) db.exec('ROLLBACK');
        throw error;
      }
    }),
    [Symbol.dispose]: () => db.close(),
  };
}

/** Users' cloud-init data is in it, passwords and all; SQLite gives its other files the mode of this one. */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'a', 0o600));
    for (const file of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(file)) chmodSync(file, 0o600);
  } catch (error) {
    throw fail('home-unusable', `${path} cannot be used as Holdfast's database: ${error instanceof Error ? error.message : String(error)}`, {
      hint: 'see who owns the file and whether the disk is full', cause: error,
    });
  }
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

/** SQLite's primary result codes for what the disk is to blame for: read-only, I/O error, full. */
const DISK_ERRORS: ReadonlySet<number> = new Set([8, 10, 13]);
const FULL = 13;

function writing<T>(db: DatabaseSync, path: string, work: () => T): T {
  try {
    return onReserve(db, work);
  } catch (error) {
    const code = codeOf(error);
    if (!DISK_ERRORS.has(code)) throw error;
    throw fail(code === FULL ? 'no-space' : 'home-unusable', `${path} cannot be written: ${(error as Error).message}`, {
      hint: 'free some space on the disk that it is on, and see that it is writable', cause: error,
    });
  }
}

/**
 * Whoever would make room on a full disk by deleting an instance has to write that down: the database keeps pages free in
 * its own file, and its log as long as this leaves it, which is written over from its begin.
 */
const RESERVED_BYTES = 512 * 1024;

function reserve(db: DatabaseSync): void {
  const number = (name: string): number => Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
  if (number('freelist_count') * number('page_size') >= RESERVED_BYTES / 2) return;
  try {
    db.exec(`CREATE TABLE reserve (bytes BLOB); INSERT INTO reserve VALUES (zeroblob(${RESERVED_BYTES})); DROP TABLE reserve;`);
    db.exec('PRAGMA wal_checkpoint(RESTART)');
  } catch (error) {
    // There is no space to reserve any more.
    if (codeOf(error) !== FULL) throw error;
    if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'reserve'").get()) db.exec('DROP TABLE reserve');
  }
}

/** Where the log cannot grow it is emptied into the file, and the work is done again. */
function onReserve<T>(db: DatabaseSync, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (codeOf(error) !== FULL) throw error;
    db.exec('PRAGMA wal_checkpoint(RESTART)');
    return work();
  }
}

function codeOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
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
