/** Whose a file of the host is in the guest, and the other way: pairs of ids, each of which stands on its side once. */
import { fail } from '../errors.ts';

export interface IdPair {
  readonly host: number;
  /** `default`: of the guest's default user. */
  readonly guest: number | 'default';
}

/** With the guest's default user looked up. */
export interface IdMaps {
  readonly uids: readonly (IdPair & { readonly guest: number })[];
  readonly gids: readonly (IdPair & { readonly guest: number })[];
}

/** Linux's overflow id: whoever is nobody on the other side. */
export const NOBODY = 65_534;

/** @returns NOBODY for whoever is not in the map */
export function guestId(map: IdMaps['uids'], host: number): number {
  return map.find((pair) => pair.host === host)?.guest ?? NOBODY;
}

/** @returns null for whoever is not in the map */
export function hostId(map: IdMaps['uids'], guest: number): number | null {
  return map.find((pair) => pair.guest === guest)?.host ?? null;
}

/** The kernel has 32 bits, of which the last value is nobody's; Multipass takes 31. */
const MOST = 2 ** 31 - 1;

/** @param text  `host:instance`  @returns undefined where it is none */
export function parseIdPair(text: string): IdPair | undefined {
  const found = /^(\d{1,10}):(\d{1,10}|default)$/.exec(text);
  if (!found) return undefined;
  const [host, guest] = [Number(found[1]), found[2] === 'default' ? 'default' as const : Number(found[2])];
  return host > MOST || (guest !== 'default' && guest > MOST) ? undefined : { host, guest };
}

/** `1000:default`, as it is shown. */
export function showIdPair({ host, guest }: IdPair): string {
  return `${host}:${guest}`;
}

/** @throws bad-argument */
export function requireDistinctIds(pairs: readonly IdPair[]): void {
  const isTwice = (ids: readonly (number | string)[]): boolean => new Set(ids).size < ids.length;
  if (!isTwice(pairs.map(({ host }) => host)) && !isTwice(pairs.map(({ guest }) => guest))) return;
  throw fail('bad-argument', 'Mount cannot apply mapping with duplicate ids', { hint: `each id stands once on its side: ${pairs.map(showIdPair).join(', ')}` });
}

/**
 * @param defaultId  of the guest's default user; where another pair has that number too, the first one counts
 */
export function resolveIds(pairs: readonly IdPair[], defaultId: number): IdMaps['uids'] {
  return pairs.map(({ host, guest }) => ({ host, guest: guest === 'default' ? defaultId : guest }));
}
