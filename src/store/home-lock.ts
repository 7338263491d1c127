/**
 * Decides which daemon has a home: the one that holds a write lock on a small database. The kernel lets go of it when
 * the process dies, however it dies, so there is no stale lock to judge; and it works alike on Linux and macOS.
 */
import { DatabaseSync } from 'node:sqlite';
import { fail } from '../core/errors.ts';

/** @throws daemon-already-running */
export function lockHome(path: string): Disposable {
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    const busy = error instanceof Error && /locked|busy/i.test(error.message);
    if (!busy) throw error;
    throw fail('daemon-already-running', `another Holdfast daemon already serves this home (${path} is locked)`, {
      hint: 'use that one, or give this one a home of its own: HOLDFAST_HOME=…',
      cause: error,
    });
  }
  return { [Symbol.dispose]: () => db.close() };
}
