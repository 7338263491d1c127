/** Definitions out of drafts: defaults filled in, and what netplan refuses only when it comes to write networkd's files. */
import type { Definition, DhcpOverrides, Renderer } from './definition.ts';
import type { Draft, Merging } from './draft.ts';
import type { Family } from './facts.ts';
import { refuse } from './refused.ts';
import { NOT_GIVEN, readBool, readUint } from './values.ts';
import type { Rules } from './versions.ts';

/** @throws Refused */
export function definitionsOf(merging: Merging, rules: Rules): Definition[] {
  return [...merging.drafts.values()].map((draft) => {
    const definition = definitionOf(draft, merging.renderer, rules);
    if (definition.renderer === 'networkd') checkForNetworkd(definition, draft, rules);
    if (definition.renderer === 'NetworkManager') checkForNetworkManager(definition, rules);
    return definition;
  });
}

function definitionOf(draft: Draft, globalRenderer: Renderer | null, rules: Rules): Definition {
  const { id, type, place, places } = draft;
  const text = (key: string): string | null => draft.values.get(key)?.text ?? null;
  const bool = (key: string): boolean | null => {
    const given = draft.values.get(key);
    return given ? readBool(given.text, given.place) : null;
  };
  const uint = (key: string): number | null => {
    const given = draft.values.get(key);
    const number = given ? readUint(given.text, given.place) : NOT_GIVEN;
    return number === NOT_GIVEN ? null : number;
  };
  const list = (key: string): string[] => (draft.lists.get(key) ?? []).map((each) => each.text);
  const overrides = (family: Family): DhcpOverrides => {
    const key = (name: string): string => `dhcp${family}-overrides.${name}`;
    return {
      useDns: bool(key('use-dns')), useDomains: text(key('use-domains')), useHostname: bool(key('use-hostname')), useMtu: bool(key('use-mtu')),
      useNtp: bool(key('use-ntp')), useRoutes: bool(key('use-routes')), sendHostname: bool(key('send-hostname')), hostname: text(key('hostname')),
      routeMetric: uint(key('route-metric')),
    };
  };
  const linkLocal = draft.lists.get('link-local')?.map((each): Family => (each.text === 'ipv4' ? 4 : 6));
  const names = list('match.driver');
  const table = type === 'vrfs' ? uint('table') : null;
  return {
    id, type, place,
    renderer: type === 'nm-devices' ? 'NetworkManager' : (draft.renderer ?? globalRenderer ?? 'networkd'),
    match: places.has('match') ? { names: text('match.name') === null ? [] : [text('match.name') ?? ''], mac: text('match.macaddress'), drivers: names } : null,
    setName: text('set-name'),
    dhcp4: bool('dhcp4') ?? false, dhcp6: bool('dhcp6') ?? false, dhcpIdentifier: text('dhcp-identifier') === 'mac' ? 'mac' : 'duid',
    dhcp4Overrides: overrides(4), dhcp6Overrides: overrides(6),
    acceptRa: bool('accept-ra'),
    raOverrides: { useDns: bool('ra-overrides.use-dns'), useDomains: text('ra-overrides.use-domains'), table: uint('ra-overrides.table') || null },
    // A port has none of its own, whatever is said.
    linkLocal: draft.port ? [] : [...new Set(linkLocal ?? [6 as const])].toSorted(),
    ipv6Privacy: bool('ipv6-privacy') ?? false,
    ipv6AddressGeneration: generation(text('ipv6-address-generation')), ipv6AddressToken: text('ipv6-address-token'),
    addresses: draft.addresses,
    routes: [...gateways(draft), ...draft.routes.map((route) => ({ ...route, table: route.table ?? table }))],
    routingPolicy: draft.policies.map((policy) => ({ ...policy, table: policy.table ?? (rules.has('vrf-tables') || places.has('routes') ? table : null) })),
    nameservers: { addresses: list('nameservers.addresses'), search: list('nameservers.search') },
    mtu: uint('mtu') || null, ipv6Mtu: uint('ipv6-mtu') || null, macAddress: text('macaddress'),
    optional: bool('optional') ?? false, optionalAddresses: list('optional-addresses'), critical: bool('critical') ?? false,
    ignoreCarrier: bool('ignore-carrier') ?? false,
    activationMode: mode(text('activation-mode')),
    memberOf: draft.port ?? (draft.vrf === null ? null : { id: draft.vrf, as: 'vrf' }),
    interfaces: draft.members,
    vlan: type === 'vlans' ? { id: uint('id') ?? 0, link: text('link') ?? '' } : null,
    vrfTable: table,
    tunnel: type === 'tunnels' ? { mode: text('mode') ?? '', local: text('local'), remote: text('remote') } : null,
    peer: text('peer'),
    unmodelled: draft.opaque,
    places: Object.fromEntries(places),
  };
}

function gateways(draft: Draft): Definition['routes'] {
  return ([4, 6] as const).flatMap((family) => {
    const from = family === 4 ? 'gateway4' : 'gateway6';
    const given = draft.values.get(from);
    if (!given) return [];
    return [{
      from, family, to: 'default', isDefault: true, via: given.text, source: null, onLink: false, metric: null, table: null, type: 'unicast', scope: null, mtu: null,
      place: given.place,
    }];
  });
}

function generation(text: string | null): Definition['ipv6AddressGeneration'] {
  return text === 'eui64' || text === 'stable-privacy' ? text : null;
}

function mode(text: string | null): Definition['activationMode'] {
  return text === 'manual' || text === 'off' ? text : null;
}

/** In netplan's own words for the keys; null where what counts when nothing is said is the other's default. */
const SHARED: readonly (readonly [key: string, (overrides: DhcpOverrides) => unknown])[] = [
  ['use-dns', ({ useDns }) => useDns ?? true],
  ['use-domains', ({ useDomains }) => useDomains],
  ['use-hostname', ({ useHostname }) => useHostname ?? true],
  ['use-mtu', ({ useMtu }) => useMtu ?? true],
  ['use-ntp', ({ useNtp }) => useNtp ?? true],
  ['use-routes', ({ useRoutes }) => useRoutes ?? true],
  ['send-hostname', ({ sendHostname }) => sendHostname ?? true],
  ['hostname', ({ hostname }) => hostname],
  ['route-metric', ({ routeMetric }) => routeMetric],
];

function checkForNetworkd(definition: Definition, draft: Draft, rules: Rules): void {
  const { id, type, place, places, dhcp4, dhcp6, dhcp4Overrides, dhcp6Overrides } = definition;
  const at = (key: string): Definition['place'] => places[key] ?? place;
  if (dhcp4 && dhcp6) {
    for (const [key, value] of SHARED) {
      if (value(dhcp4Overrides) === value(dhcp6Overrides)) continue;
      const where = [`dhcp4-overrides.${key}`, `dhcp6-overrides.${key}`].find((path) => places[path] !== undefined) ?? '';
      refuse('overrides-differ', `${id} has DHCP for both families, and networkd has one ${key} for both: dhcp4-overrides and dhcp6-overrides must say the same`, at(where));
    }
  }
  if (definition.ipv6AddressGeneration === 'stable-privacy' && !rules.has('stable-privacy')) refuse('not-supported', `this version of netplan has no stable-privacy with networkd (${id})`, at('ipv6-address-generation'));
  if (definition.macAddress !== null && ['stable', 'preserve', 'stable-ssid'].includes(definition.macAddress)) refuse('not-supported', `networkd has no MAC address ${definition.macAddress} (${id})`, at('macaddress'));
  if (type === 'modems') refuse('not-supported', `networkd has no modems (${id}); they need NetworkManager`, place);
  if (type === 'wifis' && definition.match !== null) refuse('not-supported', `networkd finds a Wi-Fi card by its name only (${id})`, at('match'));
  if (definition.tunnel?.mode === 'isatap') refuse('not-supported', `networkd has no ISATAP tunnels (${id})`, at('mode'));
  if (places['networkmanager'] !== undefined && type !== 'nm-devices' && rules.has('networkmanager-checked')) refuse('not-supported', `${id} has settings for NetworkManager, and networkd is to render it`, at('networkmanager'));
  if (type === 'ethernets') checkVirtualFunctions(definition, draft, rules);
  if (definition.vrfTable !== null) checkTables(definition, draft, rules);
}

function checkVirtualFunctions({ id, places, place }: Definition, draft: Draft, rules: Rules): void {
  const keys = rules.has('embedded-switch-mode-anywhere') ? ['delay-virtual-functions-rebind'] : ['delay-virtual-functions-rebind', 'embedded-switch-mode'];
  const key = keys.find((each) => draft.values.has(each));
  if (key !== undefined && !draft.values.has('virtual-function-count')) refuse('not-supported', `${id} has ${key}, which only a card with virtual-function-count can have`, places[key] ?? place);
}

function checkTables({ id, vrfTable, places, place: begun }: Definition, draft: Draft, rules: Rules): void {
  if (!rules.has('vrf-tables') && places['routes'] && draft.policies.length === 0) refuse('vrf-routes', `this version of netplan ends by a crash on a VRF with routes and without a routing policy (${id})`, places['routes'] ?? begun);
  for (const { table, place } of draft.routes) {
    if (table !== null && table !== vrfTable) refuse('vrf-table', `the routes of ${id} are in its own table; leave table out`, place);
  }
  for (const { table, place } of draft.policies) {
    if (table !== null && table !== vrfTable && rules.has('vrf-tables')) refuse('vrf-table', `the routing policy of ${id} is for its own table; leave table out`, place);
  }
}

function checkForNetworkManager({ id, dhcp4, dhcp6, routes, match, activationMode, ipv6Mtu, addresses, places, place, tunnel }: Definition, rules: Rules): void {
  const no = (what: string, key: string): never => refuse('not-supported', `NetworkManager has no ${what} (${id})`, places[key] ?? place);
  if (tunnel && ['gretap', 'ip6gretap'].includes(tunnel.mode) && !rules.has('gretap-anywhere')) no(`tunnels of mode ${tunnel.mode}`, 'mode');
  if (match && match.drivers.length > 0) no('match by driver', 'match.driver');
  if (activationMode === 'off') no('activation-mode off', 'activation-mode');
  if (ipv6Mtu !== null) no('ipv6-mtu', 'ipv6-mtu');
  const written = ([4, 6] as const).filter((family) => (family === 4 ? dhcp4 : dhcp6) || addresses.some((each) => each.family === family));
  if (routes.some(({ type, family }) => type !== 'unicast' && written.includes(family))) no('routes of other types than unicast', 'routes');
  if (addresses.some(({ plain }) => !plain)) no('settings of an address', 'addresses');
}
