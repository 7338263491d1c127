/** Which zones are available. Kept in the settings' table, and no setting: what is not there is available. */
import { ZONES } from '../../core/zones.ts';
import type { SettingStore } from '../../store/settings.ts';

export interface ZoneBook {
  /** A zone that nobody knows is available: an instance of an older or a later Holdfast may be in one. */
  isAvailable(zone: string): boolean;
  set(zone: string, available: boolean): void;
  /** Where an instance goes that is told no zone; undefined when none is available. */
  readonly first: string | undefined;
}

export function zoneBook(settings: SettingStore): ZoneBook {
  const closed = new Set<string>(ZONES.filter((zone) => settings.get(keyOf(zone)) === 'false'));
  return {
    isAvailable: (zone) => !closed.has(zone),
    set(zone, available) {
      settings.set(keyOf(zone), String(available));
      if (available) closed.delete(zone);
      else closed.add(zone);
    },
    get first() { return ZONES.find((zone) => !closed.has(zone)); },
  };
}

function keyOf(zone: string): string {
  return `zone.${zone}.available`;
}
