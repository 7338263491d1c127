/**
 * Which definition has a link. networkd takes the first of its files that matches, in the order of their names, and netplan names
 * them `10-netplan-ID.network`: so of several definitions that match the first by id has the link, not the first in the file.
 */
import { globMatches } from './glob.ts';
import { FOUND, type Definition } from './definition.ts';
import type { GuestLink } from './facts.ts';

export interface Matched {
  /** `yes`; `maybe`: it depends on what is not known (a driver) or does not happen reliably (a rename). */
  readonly how: 'yes' | 'maybe';
  readonly definition: Definition;
}

export type Matchable = Pick<GuestLink, 'name' | 'permanentMac' | 'mac' | 'driver' | 'kind'>;

/** In networkd's order. */
export function inFileOrder(definitions: readonly Definition[]): Definition[] {
  const name = ({ id }: Definition): string => `10-netplan-${id}.network`;
  return definitions.toSorted((a, b) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0));
}

export function matchesOf(link: Matchable, definitions: readonly Definition[]): Matched[] {
  const found: Matched[] = [];
  for (const definition of inFileOrder(definitions)) {
    const how = matches(link, definition);
    if (how !== 'no') found.push({ how, definition });
  }
  return found;
}

type Answer = 'yes' | 'no' | 'maybe';

function matches(link: Matchable, { id, type, match, setName }: Definition): Answer {
  if (!FOUND.has(type) || match === null) return id === link.name ? 'yes' : 'no';
  const answers: Answer[] = [];
  if (match.mac !== null) {
    const mac = link.permanentMac ?? link.mac;
    answers.push(mac === null ? 'no' : mac.toLowerCase() === match.mac.toLowerCase() ? 'yes' : 'no');
  }
  if (match.drivers.length > 0) answers.push(driverMatches(link, match.drivers));
  // networkd's file asks for the new name; what the definition's own name matches is renamed first, or not.
  const original = match.names.length === 0 ? 'yes' : match.names.some((name) => nameMatches(name, link.name)) ? 'yes' : 'no';
  if (setName !== null) {
    if (answers.includes('no')) return 'no';
    if (link.name === setName) return answers.includes('maybe') ? 'maybe' : 'yes';
    return original === 'yes' ? 'maybe' : 'no';
  }
  // A section without a condition is no condition that always holds: networkd passes over the file.
  if (answers.length === 0 && match.names.length === 0) return 'no';
  answers.push(original);
  return answers.includes('no') ? 'no' : answers.includes('maybe') ? 'maybe' : 'yes';
}

/** networkd reads a leading `!` as "none of these". */
function nameMatches(pattern: string, name: string): boolean {
  return pattern.startsWith('!') ? !globMatches(pattern.slice(1), name) : globMatches(pattern, name);
}

function driverMatches({ driver, kind }: Matchable, patterns: readonly string[]): Answer {
  const useful = patterns.filter((pattern) => pattern !== '');
  if (useful.length === 0) return 'no';
  // The loopback has none.
  if (driver === null) return kind === 'loopback' ? 'no' : 'maybe';
  const [first = ''] = useful;
  const not = first.startsWith('!');
  const found = useful.some((pattern, at) => globMatches(not && at === 0 ? pattern.slice(1) : pattern, driver));
  return found !== not ? 'yes' : 'no';
}
