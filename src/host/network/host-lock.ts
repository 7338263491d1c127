/**
 * One at a time on the whole host, whichever home's daemon: a write lock on an empty database, which the kernel takes back with the
 * process, however that ends. Only root can open it: a name that anybody may take first would let him hold up everybody's networks.
 */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from '../../core/errors.ts';

/** In words, how it is told. */
const LOCKS = {
  ethernets: ['/run/holdfast-ethernets.lock', 'its network cards'],
  forwarding: ['/run/holdfast-forwarding.lock', 'its forwarding'],
} as const;
const WITHIN_MS = 60_000;
const LOOK_MS = 100;

/** @throws instance-busy  somebody has it for too long */
export async function hostLock(what: keyof typeof LOCKS): Promise<Disposable> {
  const [path, words] = LOCKS[what];
  for (const until = performance.now() + WITHIN_MS; performance.now() < until; await sleep(LOOK_MS)) {
    const lock = tryLock(path);
    if (lock) return lock;
  }
  throw fail('instance-busy', `another Holdfast of this host is at work on ${words}`, { hint: 'try again when it is done' });
}

/** The file stays: to take it along would leave who has opened it meanwhile with a lock on nothing. @returns undefined where somebody has it */
export function tryLock(path: string): Disposable | undefined {
  makeFile(path);
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
    return { [Symbol.dispose]: () => db.close() };
  } catch (error) {
    db.close();
    if (error instanceof Error && /locked|busy/i.test(error.message)) return undefined;
    throw error;
  }
}

/** One that is there is not opened: to close it again would give up what this process has locked of it. */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
