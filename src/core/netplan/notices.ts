/** What is odd about merged definitions, whoever has them: deprecated keys, links that are not there, what backends pass over. */
import { FOUND, type Definition, type Place } from './definition.ts';
import type { GuestFacts } from './facts.ts';
import { matchesOf } from './matching.ts';
import type { Note } from './prediction.ts';

const LONGEST_NAME = 15;
/** Of a definition without an interface. */
export const MATCHES_NOTHING = 'matches-nothing';

export function noticeDefinitions(definitions: readonly Definition[], facts: GuestFacts): Note[] {
  return [
    ...definitions.flatMap((definition) => noticesOf(definition, facts)),
    ...conflictingDefaults(definitions),
  ];
}

function noticesOf(definition: Definition, facts: GuestFacts): Note[] {
  const { id, type, renderer, place, places } = definition;
  const notes: Note[] = [];
  const add = (code: string, message: string, remedy: string | null, at: Place | undefined): void =>
    void notes.push({ code, verdict: 'safe', message, remedy, place: at ?? place, definition: id });
  for (const [key, gateway] of [['gateway4', 'an IPv4'], ['gateway6', 'an IPv6']] as const) {
    if (places[key]) add('deprecated', `${key} is deprecated`, `write ${gateway} default route: routes: [{to: default, via: …}]`, places[key]);
  }
  if (FOUND.has(type) && !facts.links.some((link) => matchesOf(link, [definition]).length > 0)) {
    add(MATCHES_NOTHING, `${id} matches no interface that the guest has`, 'match it by the MAC address of a card', places['match'] ?? place);
  }
  if (!FOUND.has(type) && id.length > LONGEST_NAME) add('name-too-long', `the name ${id} has more than ${LONGEST_NAME} characters: such an interface cannot be made`, 'give it a shorter name', place);
  if (!FOUND.has(type) && facts.links.some((link) => link.name === id && link.kind !== 'virtual')) add('name-taken', `${id} cannot be made: a card has that name`, 'give it another name', place);
  if (renderer === 'NetworkManager' && !facts.renderers.networkManager) {
    add('renderer-missing', `${id} is left to NetworkManager, which this guest does not have: nobody configures it`, 'renderer: networkd', places['renderer'] ?? place);
  }
  return notes;
}

/** netplan warns of these and renders them all the same. */
function conflictingDefaults(definitions: readonly Definition[]): Note[] {
  const first = new Map<string, string>();
  const notes: Note[] = [];
  for (const { id, routes } of definitions) {
    for (const { family, isDefault, table, metric, place } of routes) {
      if (!isDefault) continue;
      const key = `${family} ${table ?? 254} ${metric ?? ''}`;
      const before = first.get(key);
      if (before === undefined) first.set(key, id);
      else {
        notes.push({
          code: 'default-routes-conflict', verdict: 'caution', place, definition: id, remedy: 'keep one of them, or give one a greater metric',
          message: `a second IPv${family} default route with the same metric, in ${id}; the first is in ${before}: which of them counts is not settled`,
        });
      }
    }
  }
  return notes;
}
