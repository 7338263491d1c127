/** Mounts as `info` shows them in its table and in CSV. */
import type { WireMount } from '../../api/schemas.ts';
import { oneLine } from './plain.ts';

type Mounted = { readonly mounts?: readonly WireMount[] | undefined };

/** Each with its maps below it, further in. */
export function mountLines({ mounts = [] }: Mounted): string[] {
  if (mounts.length === 0) return ['--'];
  return mounts.flatMap((mount) => [shown(mount), ...maps('UID', mount.uidMap), ...maps('GID', mount.gidMap)]);
}

function maps(what: string, pairs: readonly string[]): string[] {
  return pairs.length === 0 ? [] : [`    ${what} map: ${pairs.join(', ')}`];
}

export function mountFields({ mounts = [] }: Mounted): string {
  return mounts.map((mount) => oneLine(shown(mount))).join(';');
}

/** Of a snapshot, which has no more to tell of them. */
export function mountSources({ mounts = [] }: Mounted): { readonly [target: string]: { readonly source_path: string } } {
  return Object.fromEntries(mounts.map(({ target, source }) => [target, { source_path: source }]));
}

export function mountPlaces({ mounts = [] }: Mounted): string[] {
  return mounts.length === 0 ? ['--'] : mounts.map(shown);
}

function shown({ source, target }: WireMount): string {
  return `${source} => ${target}`;
}
