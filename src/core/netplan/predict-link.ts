/** What one link will have once networkd has configured it by its definition. */
import { contains, parseIp, parseNetwork } from './address.ts';
import type { Definition, WantedRoute } from './definition.ts';
import type { Family, GuestFacts } from './facts.ts';
import { acceptsRa, asksDhcp, dhcpAddresses, raAddresses, type Asking } from './given-addresses.ts';
import type { PredictedAddress, PredictedLink, PredictedRoute } from './prediction.ts';
import { whyUnknown } from './unmodelled.ts';

const MAIN_TABLE = 254;
/** What netplan has networkd use for routes that come by DHCP. */
export const DHCP_METRIC = { ethernet: 100, wifi: 600 } as const;
/** The kernel's choice for an IPv6 route without one. */
const IPV6_METRIC = 1024;

export function predictLink(asking: Asking, facts: GuestFacts): PredictedLink {
  const { definition, link } = asking;
  const unknown = whyUnknown(definition, facts);
  const kept = definition.activationMode === 'off';
  // A link that is up and has no carrier is not configured, unless that is asked for.
  const idle = kept || (link !== null && link.up && !link.carrier && !definition.ignoreCarrier && link.kind === 'ethernet');
  const addresses = idle ? [] : addressesOf(asking);
  return {
    name: link?.name ?? definition.id,
    mac: definition.macAddress !== null && parseMac(definition.macAddress) ? definition.macAddress.toLowerCase() : (link?.mac ?? null),
    kind: link?.kind ?? 'virtual',
    exists: link !== null,
    definition: definition.id,
    passedOver: [],
    managedBy: unknown.length > 0 ? 'unknown' : 'networkd',
    up: definition.activationMode === 'manual' ? (link?.up ?? false) : !kept,
    memberOf: definition.memberOf?.id ?? null,
    dhcp4: asksDhcp(definition, 4), dhcp6: asksDhcp(definition, 6), acceptRa: acceptsRa(definition), linkLocal: definition.linkLocal,
    addresses,
    routes: idle ? [] : routesOf(asking, addresses, facts),
    dns: idle ? [] : dnsOf(asking),
    mtu: definition.mtu ?? link?.mtu ?? null,
    unknown,
    place: definition.place,
  };
}

function addressesOf(asking: Asking): PredictedAddress[] {
  const { definition } = asking;
  // networkd puts none on what is a port of a bond.
  if (definition.memberOf?.as === 'bond') return [];
  const ownStatic = definition.addresses.map(({ address, prefix, family, place }): PredictedAddress => ({ address, prefix, family, how: 'static', place }));
  const all = [...ownStatic, ...dhcpAddresses(asking, 4), ...dhcpAddresses(asking, 6), ...raAddresses(asking)];
  const withIpv6 = (definition.mtu ?? Number.POSITIVE_INFINITY) >= 1280;
  return all.filter(({ family }) => family === 4 || withIpv6);
}

function routesOf(asking: Asking, addresses: readonly PredictedAddress[], facts: GuestFacts): PredictedRoute[] {
  const { definition } = asking;
  const connected = addresses.flatMap(({ address, prefix, family, how, place }): PredictedRoute[] => {
    const network = address !== null && prefix !== null ? parseNetwork(`${address}/${prefix}`) : undefined;
    if (!network || network.prefix === (family === 4 ? 32 : 128)) return [];
    return [{ family, to: `${address ?? ''}/${network.prefix}`, via: null, metric: connectedMetric(definition, family, how), table: MAIN_TABLE, type: 'unicast', how, reachable: true, place }];
  });
  const wanted = definition.routes.map((route): PredictedRoute => ({
    family: route.family, to: route.isDefault ? 'default' : route.to, via: route.via, metric: route.metric ?? (route.family === 6 ? IPV6_METRIC : 0),
    table: route.table ?? definition.vrfTable ?? MAIN_TABLE, type: route.type, how: 'static', reachable: canBeSet(route, asking, addresses), place: route.place,
  }));
  return [...connected, ...wanted, ...([4, 6] as const).flatMap((family) => givenDefault(asking, addresses, family, facts))];
}

function connectedMetric(definition: Definition, family: Family, how: PredictedAddress['how']): number {
  if (family === 6) return how === 'ra' ? raMetric(definition) : 256;
  return how === 'dhcp' ? dhcpMetric(definition) : 0;
}

function dhcpMetric({ type, dhcp4Overrides }: Definition): number {
  return dhcp4Overrides.routeMetric ?? DHCP_METRIC[type === 'wifis' ? 'wifi' : 'ethernet'];
}

/** netplan writes the metric for DHCP into a section that networkd takes for router advertisements, too (seen with 252). */
function raMetric(definition: Definition): number {
  return asksDhcp(definition, 4) || asksDhcp(definition, 6) ? dhcpMetric(definition) : IPV6_METRIC;
}

/** A default route by DHCP or from a router: the one that the network has, or that the link has now. */
function givenDefault({ definition, link, network }: Asking, addresses: readonly PredictedAddress[], family: Family, facts: GuestFacts): PredictedRoute[] {
  const how = family === 4 ? 'dhcp' : 'ra';
  const used = family === 4 ? asksDhcp(definition, 4) && (definition.dhcp4Overrides.useRoutes ?? true) : acceptsRa(definition) && definition.raOverrides.table === null;
  if (!used || !addresses.some((each) => each.family === family && (each.how === 'dhcp' || each.how === 'ra'))) return [];
  const now = facts.routes.find((route) => route.link === link?.name && route.family === family && route.to === 'default' && route.how === how);
  const gateways = network?.gateways.filter((gateway) => parseIp(gateway)?.family === family) ?? [];
  // A network whose routers are known to be none of this family gives none.
  if (network !== null && gateways.length === 0 && !now) return [];
  const via = now?.via ?? gateways[0] ?? null;
  return [{ family, to: 'default', via, metric: family === 4 ? dhcpMetric(definition) : (now?.metric ?? raMetric(definition)), table: MAIN_TABLE, type: 'unicast', how, reachable: true, place: definition.places[family === 4 ? 'dhcp4' : 'accept-ra'] ?? null }];
}

/** networkd waits with a route until its gateway can be reached on the link, which may be for ever. */
function canBeSet({ via, onLink, family, source, to, isDefault }: WantedRoute, asking: Asking, addresses: readonly PredictedAddress[]): boolean {
  if (!isDefault && parseNetwork(to) === undefined) return false;
  if (source !== null && !addresses.some(({ address }) => address === null || address === source)) return false;
  if (via === null || onLink) return true;
  const gateway = parseIp(via);
  if (!gateway || gateway.value === 0n) return false;
  if (family === 6 && gateway.value >> 118n === 0x3fan) return asking.definition.linkLocal.includes(6);
  return addresses.some(({ family: own, address, prefix }) => {
    if (own !== family) return false;
    const network = address !== null && prefix !== null ? parseNetwork(`${address}/${prefix}`) : undefined;
    // What a server will give is not known: it is taken to fit.
    return network === undefined || contains(network, gateway);
  }) || asking.definition.routes.some((other) => other.via === null && other.table === null && contains(parseNetwork(other.to) ?? { ...gateway, prefix: 128, value: -1n }, gateway));
}

/** Of now, those that nobody wrote into a file came from a server of their family. */
function dnsOf({ definition, link, network }: Asking): string[] {
  const { dhcp4Overrides, dhcp6Overrides, raOverrides } = definition;
  const asked = {
    4: asksDhcp(definition, 4) && (network?.dhcp4 ?? true) && (dhcp4Overrides.useDns ?? true),
    6: acceptsRa(definition) && (network?.ra ?? true) && ((raOverrides.useDns ?? true) || (asksDhcp(definition, 6) && (dhcp6Overrides.useDns ?? true))),
  };
  const given = (network?.dns ?? link?.dns ?? []).filter((server) => asked[parseIp(server)?.family ?? 4]);
  return [...new Set([...definition.nameservers.addresses, ...given])];
}

function parseMac(text: string): boolean {
  return /^[\da-f]{2}(?::[\da-f]{2}){5}$/i.test(text);
}
