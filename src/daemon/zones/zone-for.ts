/** Which zone is meant, and whether an instance can be put there. */
import { fail } from '../../core/errors.ts';
import { zoneNamed, type ZoneName } from '../../core/zones.ts';
import type { ZoneBook } from './zone-book.ts';

/** @throws not-found */
export function requireZone(text: string): ZoneName {
  const zone = zoneNamed(text);
  if (zone === undefined) throw fail('not-found', `zone "${text.slice(0, 80)}" does not exist`, { hint: 'see which there are: holdfast zones' });
  return zone;
}

/** @returns where an instance is to be  @throws not-found, wrong-state */
export function zoneFor(zones: ZoneBook, wished: string | undefined): string {
  if (wished === undefined) {
    if (zones.first !== undefined) return zones.first;
    throw fail('wrong-state', 'no zone is available', { hint: 'make one available: holdfast enable-zones zone1' });
  }
  const zone = requireZone(wished);
  if (!zones.isAvailable(zone)) throw fail('wrong-state', `zone "${zone}" is not available`, { hint: `make it available: holdfast enable-zones ${zone}` });
  return zone;
}
