/** Reads one definition's mapping into its draft, key by key in the file's order, as netplan does. */
import { FOUND, type DefinitionType, type Place, type Renderer } from './definition.ts';
import { newDraft, type Draft, type Given } from './draft.ts';
import { ADDRESS_KEYS, KEYS, kindOf, type KeyKind, type KeyTable } from './keys.ts';
import type { ListNode, MapNode, Node } from './nodes.ts';
import { refuse } from './refused.ts';
import { readNamedNumbers } from './read-parameters.ts';
import { policyKey, readPolicy, readRoute, requireMap, routeKey } from './read-routes.ts';
import { checkSimple, scalarOf } from './read-simple.ts';
import { checkIp, quoted, readInterfaceAddress } from './values.ts';
import { requireKnown, type Reading } from './reading.ts';
import type { Rules } from './versions.ts';

const MEMBER_OF = { bridges: 'bridge', bonds: 'bond' } as const;

/** What a file says of one definition. */
export interface Entry {
  readonly type: DefinitionType;
  readonly id: string;
  readonly place: Place;
  readonly node: MapNode;
}

/** A definition that is new begins with the renderer of its block, as it is at that place. */
export function begin({ merging }: Pick<Reading, 'merging'>, { type, id, place }: Entry, renderer: Renderer | null): void {
  const existing = merging.drafts.get(id);
  if (existing === undefined) merging.drafts.set(id, newDraft(id, type, place, renderer));
  else if (existing.type !== type) refuse('type-changes', `${id} is defined below ${existing.type} already (${existing.place.file} line ${existing.place.line}), and cannot be one of ${type} as well`, place);
}

export function readDefinition(reading: Reading, { type, id, place, node }: Entry): Draft {
  const draft = reading.merging.drafts.get(id) ?? refuse('not-defined', `${id} was not begun`, place);
  readKeys(reading, draft, node, KEYS[type], '');
  // Found by its id as long as nothing else is said; that stays a condition when a later file adds others.
  if (FOUND.has(type) && !draft.places.has('match') && !draft.values.has('match.name')) draft.values.set('match.name', { text: id, place });
  return draft;
}

function readKeys(reading: Reading, draft: Draft, node: MapNode, table: KeyTable, prefix: string): void {
  for (const { key, value } of node.entries) {
    const { text: name, place } = scalarOf(key);
    const kind = kindOf(table, name, reading.rules);
    if (kind === undefined) refuse('unknown-key', `netplan knows no key ${quoted(name)} ${prefix === '' ? `in a definition of ${draft.type}` : `below ${prefix.slice(0, -1)}`}${aLaterKey(table, name)}`, place);
    else {
      draft.places.set(prefix + name, place);
      readValue(reading, draft, kind, prefix + name, value);
    }
  }
}

function aLaterKey(table: KeyTable, name: string): string {
  return Object.hasOwn(table, name) ? ' in the version that this guest has' : '';
}

function readValue(reading: Reading, draft: Draft, kind: KeyKind, path: string, value: Node): void {
  const { rules } = reading;
  reading.step(value.place);
  if (typeof kind === 'object') {
    if ('keys' in kind) return readKeys(reading, draft, requireMap(value), kind.keys, `${path}.`);
    if ('anyOf' in kind) {
      const words = texts(reading, value);
      for (const { text, place } of words) if (!kind.anyOf.includes(text)) refuse('bad-value', `${quoted(text)} is none of: ${kind.anyOf.join(', ')}`, place);
      // What a link's own addresses are is said anew by each file; the others are added to.
      draft.lists.set(path, path === 'link-local' ? words : [...(draft.lists.get(path) ?? []), ...words]);
      return;
    }
    return single(draft, kind, path, value, rules);
  }
  switch (kind) {
    case 'opaque': draft.opaque.push({ key: path, place: draft.places.get(path) ?? value.place }); return;
    case 'renderer': draft.renderer = readRenderer(value, draft.type); return;
    case 'addresses': for (const item of listOf(value).items) readAddress(reading, draft, item); return;
    case 'routes':
      for (const item of listOf(value).items) {
        reading.step(item.place);
        const route = readRoute(item, rules);
        if (isNew(draft, routeKey(route))) draft.routes.push(route);
      }
      return;
    case 'routing-policy':
      for (const item of listOf(value).items) {
        reading.step(item.place);
        const policy = readPolicy(item, rules);
        if (isNew(draft, policyKey(policy)) || !rules.has('repeats-dropped')) draft.policies.push(policy);
      }
      return;
    case 'ips': case 'texts': {
      const items = texts(reading, value);
      if (kind === 'ips') for (const { text, place } of items) checkIp(text, path.endsWith('arp-ip-targets') ? [4] : [4, 6], place);
      const all = draft.lists.get(path) ?? [];
      for (const item of items) if (isNew(draft, JSON.stringify([path, item.text])) || !rules.has('repeats-dropped')) all.push(item);
      draft.lists.set(path, all);
      return;
    }
    case 'drivers': draft.lists.set(path, readDrivers(reading, value)); return;
    case 'members': for (const item of texts(reading, value)) enlist(reading, draft, item); return;
    case 'path-costs': case 'port-priorities': readNamedNumbers(reading, draft, kind, path, requireMap(value)); return;
    case 'tunnel-key':
      if (value.kind === 'list') refuse('wrong-type', 'a key, or a mapping of keys, is wanted here', value.place);
      draft.values.set('key', { text: value.kind === 'scalar' ? value.text : '', place: value.place });
      return;
    case 'reference': {
      const { text, place } = requireKnown(reading, draft, scalarOf(value));
      const before = draft.values.get(path)?.text;
      if (path === 'parameters.primary' && before !== undefined && before !== text) refuse('second-primary', `${draft.id} has ${before} as its primary member already`, place);
      draft.values.set(path, { text, place });
      return;
    }
    case 'ip4': case 'ip6': case 'mac': {
      const before = draft.values.get(path)?.text;
      single(draft, kind, path, value, rules);
      const after = draft.values.get(path)?.text ?? '';
      if (kind !== 'mac' && before !== undefined && before !== after && !rules.has('gateway-again')) {
        refuse('gateway-again', `${path} was ${before} before; this version of netplan stops when it is given again with another value`, value.place);
      }
      return;
    }
    default: single(draft, kind, path, value, rules);
  }
}

function single(draft: Draft, kind: KeyKind, path: string, value: Node, rules: Rules): void {
  const given = scalarOf(value);
  checkSimple(kind, given, rules);
  if (path === 'parameters.lacp-rate' && rules.has('lacp-rate-checked') && !['fast', 'slow'].includes(given.text)) refuse('bad-value', `${quoted(given.text)} is neither fast nor slow`, given.place);
  draft.values.set(path, { text: given.text, place: given.place });
}

export function readRenderer(value: Node, type: DefinitionType | null): Renderer {
  const text = value.kind === 'scalar' ? value.text : '';
  if (text === 'networkd' || text === 'NetworkManager' || (text === 'sriov' && type === 'vlans')) return text;
  return refuse('bad-renderer', `${quoted(text)} is no renderer; there are networkd and NetworkManager`, value.place);
}

function readAddress(reading: Reading, draft: Draft, item: Node): void {
  reading.step(item.place);
  if (item.kind === 'list') refuse('wrong-type', 'an address, or a mapping of one to its settings, is wanted here', item.place);
  const entry = item.kind === 'map' ? item.entries[0] : undefined;
  if (item.kind === 'map' && entry === undefined) return;
  const { text, place } = scalarOf(entry?.key ?? item);
  const { family, address, prefix } = readInterfaceAddress(text, place);
  const options = new Map<string, string>();
  if (entry) {
    for (const { key, value } of requireMap(entry.value).entries) {
      const name = scalarOf(key);
      const kind = kindOf(ADDRESS_KEYS, name.text, reading.rules);
      if (kind === undefined) return refuse('unknown-key', `netplan knows no setting ${quoted(name.text)} of an address`, name.place);
      checkSimple(kind, scalarOf(value), reading.rules);
      options.set(name.text, scalarOf(value).text);
    }
  }
  if (prefix === null) {
    reading.note({ code: 'odd-prefix', verdict: 'unknown', message: `netplan takes ${quoted(text)}, but networkd may read its prefix length differently, or not at all`, remedy: `write the prefix length as a plain number`, place, definition: draft.id });
    return;
  }
  const plain = entry === undefined;
  if (!isNew(draft, JSON.stringify(['address', address, prefix, plain]))) return;
  draft.addresses.push({ address, prefix, family, label: options.get('label') ?? null, deprecated: options.get('lifetime') === '0', plain, place });
}

function readDrivers(reading: Reading, value: Node): Given[] {
  if (value.kind === 'map') return refuse('wrong-type', 'a driver, or a list of drivers, is wanted here', value.place);
  const drivers = value.kind === 'scalar' ? [{ text: value.text, place: value.place }] : texts(reading, value);
  if (drivers.length === 0) return refuse('wrong-type', 'a list of drivers must not be empty', value.place);
  for (const { text, place } of drivers) if (/\s/.test(text)) refuse('bad-value', `the driver ${quoted(text)} must have no blanks`, place);
  return drivers;
}

function enlist(reading: Reading, draft: Draft, item: Given): void {
  const { text: id, place } = requireKnown(reading, draft, item);
  if (!draft.members.includes(id)) draft.members.push(id);
  const member = reading.merging.drafts.get(id);
  if (!member) return;
  const taken = (by: string): never => refuse('member-twice', `${id} is a member of ${by} already, and cannot be one of ${draft.id} as well`, place);
  if (draft.type === 'vrfs') {
    if (member.vrf !== null && member.vrf !== draft.id) taken(member.vrf);
    member.vrf = draft.id;
    return;
  }
  const as = draft.type === 'bridges' || draft.type === 'bonds' ? MEMBER_OF[draft.type] : undefined;
  if (as === undefined) return;
  if (member.port !== null && (member.port.id !== draft.id || member.port.as !== as)) taken(member.port.id);
  member.port = { id: draft.id, as };
}

function isNew({ had }: Draft, key: string): boolean {
  const size = had.size;
  return had.add(key).size > size;
}

function listOf(node: Node): ListNode {
  return node.kind === 'list' ? node : refuse('wrong-type', 'a list is wanted here', node.place);
}

function texts(reading: Reading, node: Node): Given[] {
  return listOf(node).items.map((item) => {
    reading.step(item.place);
    const { text, place } = scalarOf(item);
    return { text, place };
  });
}
