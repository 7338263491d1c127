/** Which mounts a restore or a clone brings: what has been taken away comes back by whom it was given only, and by the daemon's own user. */
import type { Mount } from '../../core/mounts/mount.ts';
import type { House } from '../instances/house.ts';
import type { Task } from '../operations/engine.ts';

type Asker = Pick<House, 'owner' | 'visited' | 'remote'>;

/** @param now  that the instance has  @param then  that the snapshot has */
export function restoredMounts(asker: Asker, now: readonly Mount[], then: readonly Mount[]): Mount[] {
  // From elsewhere nothing is mounted, so nothing changes.
  if (asker.remote) return [...now];
  const isThere = (mount: Mount): boolean => now.some((each) => JSON.stringify(each) === JSON.stringify(mount));
  return then.filter((mount) => mayGive(asker, mount) || isThere(mount));
}

/** @param source  that the original has */
export function clonedMounts(asker: Asker, source: readonly Mount[]): Mount[] {
  return source.filter((mount) => mayGive(asker, mount));
}

/** Says which of them do not come. */
export function leftOut(before: readonly Mount[], after: readonly Mount[], { notice }: Pick<Task, 'notice'>): void {
  const gone = before.filter(({ target }) => !after.some((each) => each.target === target));
  if (gone.length > 0) notice(`Left out, since only who gave a directory gives it anew: the mounts at ${gone.map(({ target }) => target).join(', ')}`);
}

function mayGive({ owner, visited, remote }: Asker, { person }: Mount): boolean {
  return !remote && (!visited || person.uid === owner);
}
