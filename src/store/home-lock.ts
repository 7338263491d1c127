/**
 * Decides which daemon has a home: the one that holds a write lock on a small database. The kernel lets go of it when
 * the process dies, however it dies, so there is no stale lock to judge; and it works alike on Linux and macOS.
 */
import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { fail } from '../core/errors.ts';

/** Closed to others: whoever may read it may lock it. @throws daemon-already-running, home-unusable */
export function lockHome(path: string): Disposable {
  const db = openLock(path);
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    const busy = error instanceof Error && /locked|busy/i.test(error.message);
    if (!busy) throw unusable(path, error);
    throw fail('daemon-already-running', `another Holdfast daemon already serves this home (${path} is locked)`, {
      hint: 'use that one, or give this one a home of its own: HOLDFAST_HOME=…',
      cause: error,
    });
  }
  return { [Symbol.dispose]: () => db.close() };
}

function openLock(path: string): DatabaseSync {
  try {
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
    return new DatabaseSync(path, { timeout: 0 });
  } catch (error) {
    throw unusable(path, error);
  }
}

function unusable(path: string, cause: unknown): Error {
  return fail('home-unusable', `${path} cannot be locked: ${cause instanceof Error ? cause.message : String(cause)}`, {
    hint: 'see who owns it and whether the disk is full, or choose another home: HOLDFAST_HOME=…', cause,
  });
}
