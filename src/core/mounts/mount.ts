/** A directory of the host that an instance has: where it comes from, where it may be, whose its files are. */
import { fail, type HoldfastError } from '../errors.ts';
import type { IdPair } from './id-maps.ts';

export interface Mount {
  /** Absolute, of the host. */
  readonly source: string;
  /** Absolute, in the guest; without a slash at its end. */
  readonly target: string;
  readonly uids: readonly IdPair[];
  readonly gids: readonly IdPair[];
  /** Of the host: with whose rights it is read and written. */
  readonly person: { readonly uid: number; readonly gid: number };
  /** A device of the machine, which has it from one start to the next; otherwise it is served over a lane. */
  readonly native?: true;
}

/** By local.privileged-mounts. */
export function mountsDisabled(): HoldfastError {
  return fail('not-supported', 'Mounts are disabled on this installation of Holdfast.', { hint: 'allow them: holdfast set local.privileged-mounts=true' });
}

/** What must stay as it is for a guest to work; as Multipass has it. */
const FORBIDDEN = /^\/(?:(?:dev|proc|sys)(?:\/.*)?|home)?$/;

/**
 * @param given  relative to the home; undefined: the source's own name
 * @param home  of the guest's default user
 * @throws refused
 */
export function requireTarget(given: string | undefined, source: string, home: string): string {
  const wished = given ?? source.slice(source.lastIndexOf('/') + 1);
  const target = targetFor(wished, home);
  if (target === undefined || /[\0\n]/.test(wished) || FORBIDDEN.test(target) || target === home) {
    throw fail('refused', `unable to mount to "${wished || '/'}"`, { hint: 'name a directory of its own: <instance>:/srv/<name>; the guest needs this one' });
  }
  return target;
}

/** @returns the place that a target names, absolute; undefined where `..` leads above the root */
export function targetFor(given: string, home: string): string | undefined {
  return plain(given.startsWith('/') ? given : `${home}/${given}`);
}

/** @returns without empty parts, `.` and `..`; undefined where `..` leads above the root */
function plain(path: string): string | undefined {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return `/${parts.join('/')}`;
}

/** @returns the directory in the guest that is the same one, by the mount that is nearest to it */
export function inGuest(mounts: readonly Pick<Mount, 'source' | 'target'>[], directory: string): string | undefined {
  const holds = (source: string): boolean => source === '/' || directory === source || directory.startsWith(`${source}/`);
  const [nearest] = mounts.filter(({ source }) => holds(source)).toSorted((a, b) => b.source.length - a.source.length);
  if (!nearest) return undefined;
  const rest = directory.slice(nearest.source === '/' ? 1 : nearest.source.length + 1);
  return rest === '' ? nearest.target : `${nearest.target}/${rest}`;
}
