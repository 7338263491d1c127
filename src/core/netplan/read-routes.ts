/** `routes` and `routing-policy`: each entry by itself, and which of them netplan takes for the same as one before. */
import type { Family } from './facts.ts';
import type { Place, WantedPolicy, WantedRoute } from './definition.ts';
import { parseIp } from './address.ts';
import { kindOf, POLICY_KEYS, ROUTE_KEYS, type KeyTable } from './keys.ts';
import type { MapNode, Node } from './nodes.ts';
import { refuse } from './refused.ts';
import { checkSimple, scalarOf } from './read-simple.ts';
import { NOT_GIVEN, quoted, readBool, readUint } from './values.ts';
import type { Rules } from './versions.ts';

export const ANYWHERE = { 4: '0.0.0.0/0', 6: '::/0' } as const satisfies Record<Family, string>;

/** @throws Refused */
export function readRoute(node: Node, rules: Rules): WantedRoute {
  const entry = readEntry(node, ROUTE_KEYS, rules, ['to', 'via', 'from']);
  const { values, place, family } = entry;
  const [to, via] = [values.get('to'), values.get('via') ?? null];
  const type = values.get('type') ?? 'unicast';
  const narrow = ['local', 'nat'].includes(type) ? 'host' : (type === 'unicast' && via === null) || ['broadcast', 'multicast', 'anycast'].includes(type) ? 'link' : 'global';
  const scope = values.get('scope') ?? narrow;
  if (to === undefined) return refuse('route-without-to', 'a route needs a destination (to)', place);
  if (scope === 'global' && type === 'unicast' && via === null) return refuse('route-without-via', 'a route of global scope needs a gateway (via)', place);
  // netplan has no family to write the destination with, and ends by an assertion.
  if (family === null) return refuse('route-without-family', 'a default route needs a gateway (via), or its destination written as 0.0.0.0/0 or ::/0', place);
  return {
    from: 'routes', family, to, isDefault: to === 'default' || to === ANYWHERE[family], via, source: values.get('from') ?? null,
    onLink: entry.bool('on-link') ?? false, metric: entry.uint('metric'), table: entry.uint('table') || null, type,
    scope: scope === 'global' ? null : scope, mtu: entry.uint('mtu') || null, place,
  };
}

/** Routes with the same key are one to netplan, whatever else they say. */
export function routeKey({ to, family, isDefault, via, source, metric, table }: WantedRoute): string {
  return JSON.stringify(['route', family, isDefault ? ANYWHERE[family] : to, via, source, metric, table]);
}

/** @throws Refused */
export function readPolicy(node: Node, rules: Rules): WantedPolicy {
  const { values, place, uint } = readEntry(node, POLICY_KEYS, rules, ['from', 'to']);
  const [from, to] = [values.get('from') ?? null, values.get('to') ?? null];
  if (from === null && to === null) return refuse('policy-without-address', 'a routing policy needs from or to', place);
  return { from, to, table: uint('table'), priority: uint('priority'), mark: uint('mark') || null, typeOfService: uint('type-of-service'), place };
}

export function policyKey({ from, to, table, priority, mark, typeOfService }: WantedPolicy): string {
  return JSON.stringify(['policy', from, to, table, priority, mark, typeOfService]);
}

interface Entry {
  readonly values: ReadonlyMap<string, string>;
  readonly place: Place;
  /** Of its addresses; null: none says it. */
  readonly family: Family | null;
  bool(key: string): boolean | null;
  uint(key: string): number | null;
}

function readEntry(node: Node, table: KeyTable, rules: Rules, addressKeys: readonly string[]): Entry {
  const { entries, place } = requireMap(node);
  const values = new Map<string, string>();
  let family: Family | null = null;
  for (const { key, value } of entries) {
    const { text: name, place: at } = scalarOf(key);
    const kind = kindOf(table, name, rules);
    if (kind === undefined) return refuse('unknown-key', `netplan knows no key ${quoted(name)} here`, at);
    const given = scalarOf(value);
    checkSimple(kind, given, rules);
    values.set(name, given.text);
    if (!addressKeys.includes(name) || (name === 'to' && table === ROUTE_KEYS && given.text === 'default')) continue;
    const own = parseIp(given.text.split('/')[0] ?? '')?.family;
    if (own === undefined) return refuse('bad-address', `${quoted(given.text)} is no address or network`, given.place);
    if (family !== null && own !== family) return refuse('family-mismatch', `${quoted(given.text)} is IPv${own}, and another address of this entry is IPv${family}`, given.place);
    family = own;
  }
  return {
    values, place, family,
    bool: (key) => (values.has(key) ? readBool(values.get(key) ?? '', place) : null),
    uint: (key) => {
      const number = values.has(key) ? readUint(values.get(key) ?? '', place) : NOT_GIVEN;
      return number === NOT_GIVEN ? null : number;
    },
  };
}

export function requireMap(node: Node): MapNode {
  return node.kind === 'map' ? node : refuse('wrong-type', 'a mapping of keys to values is wanted here; look at the indentation', node.place);
}
