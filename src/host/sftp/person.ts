/** Gives up root's rights for good. */
import type { Person } from './work.ts';

/** Node has it on POSIX systems; its types do not. */
type WithInitgroups = NodeJS.Process & { initgroups(user: number, gid: number): void };

/** Does nothing where the process is his already. @throws when the rights cannot be given up */
export function becomePerson({ uid, gid }: Person): void {
  if (process.getuid?.() === uid) return;
  // His further groups, as at a login; who is in no list of users has none.
  try {
    (process as WithInitgroups).initgroups(uid, gid);
  } catch {
    process.setgroups?.([gid]);
  }
  process.setgid?.(gid);
  process.setuid?.(uid);
  if (process.getuid?.() !== uid || process.geteuid?.() !== uid || process.getgid?.() !== gid) throw new Error('the rights of root could not be given up');
}
