/** Which addresses, routes and name servers the servers and routers of a network give a link that asks for them. */
import { masked, parseIp, parseNetwork, showIp } from './address.ts';
import type { Definition } from './definition.ts';
import type { CardNetwork, Family, GuestFacts, GuestLink } from './facts.ts';
import type { PredictedAddress } from './prediction.ts';

/** A link as it asks: what it is now, where it is plugged in, and whether it would be known there. */
export interface Asking {
  readonly definition: Definition;
  readonly link: GuestLink | null;
  readonly network: CardNetwork | null;
  /** False: its MAC will be another than the one by which addresses are kept for it. */
  readonly known: boolean;
}

/** With DHCP asked for: none where no server answers. */
export function dhcpAddresses(asking: Asking, family: Family): PredictedAddress[] {
  const { definition, network } = asking;
  if (!asksDhcp(definition, family) || (network !== null && !(family === 4 ? network.dhcp4 : network.dhcp6))) return [];
  // networkd's client for IPv6 waits for a router to say that there is a server.
  if (family === 6 && !acceptsRa(definition)) return [];
  const place = definition.places[family === 4 ? 'dhcp4' : 'dhcp6'] ?? null;
  const found = asking.known ? (kept(asking, family) ?? present(asking, family)) : undefined;
  return [{ address: found?.address ?? null, prefix: found?.prefix ?? null, family, how: 'dhcp', place }];
}

/**
 * Those of now stay, while the link makes them up in the same way. Otherwise networkd makes them of the network's prefix and the
 * MAC address (modified EUI-64, RFC 4291 appendix A), unless it is told to do it differently.
 */
export function raAddresses({ definition, link, network, known }: Asking): PredictedAddress[] {
  if (!acceptsRa(definition) || (network !== null && !network.ra)) return [];
  const now = (link?.addresses ?? []).filter(({ family, how }) => family === 6 && how === 'ra');
  const place = definition.places['accept-ra'] ?? null;
  const byMac = definition.ipv6AddressGeneration !== 'stable-privacy' && definition.ipv6AddressToken === null;
  if (known && now.length > 0 && byMac) return now.map(({ address, prefix }) => ({ address, prefix, family: 6, how: 'ra', place }));
  const mac = definition.macAddress ?? link?.mac ?? null;
  const made = byMac && mac !== null ? (network?.subnets ?? []).flatMap((subnet) => fromPrefix(subnet, mac)) : [];
  if (made.length > 0) return made.map((address) => ({ address, prefix: 64, family: 6, how: 'ra', place }));
  return network?.ra === true || now.length > 0 ? [{ address: null, prefix: 64, family: 6, how: 'ra', place }] : [];
}

function fromPrefix(subnet: string, mac: string): string[] {
  const network = parseNetwork(subnet);
  if (network?.family !== 6 || network.prefix !== 64 || !/^[\da-f]{2}(?::[\da-f]{2}){5}$/i.test(mac)) return [];
  const digits = mac.replaceAll(':', '');
  const identifier = BigInt(`0x${digits.slice(0, 6)}fffe${digits.slice(6)}`) ^ (1n << 57n);
  return [showIp({ family: 6, value: masked(network).value | identifier })];
}

export function asksDhcp(definition: Definition, family: Family): boolean {
  if (definition.memberOf?.as === 'bond') return false;
  return family === 4 ? definition.dhcp4 : definition.dhcp6 && definition.linkLocal.includes(6);
}

/** networkd listens to routers unless it is told not to, where the link has an IPv6 address of its own. */
export function acceptsRa({ acceptRa, linkLocal, memberOf }: Definition): boolean {
  return (acceptRa ?? true) && linkLocal.includes(6) && memberOf?.as !== 'bond' && memberOf?.as !== 'bridge';
}

interface Found {
  readonly address: string;
  readonly prefix: number | null;
}

/** What the server keeps for this card. */
function kept({ network }: Asking, family: Family): Found | undefined {
  const address = network?.gives.find((each) => parseIp(each)?.family === family);
  if (network === null || address === undefined) return undefined;
  const prefix = network.subnets.map((subnet) => subnet.split('/')).find(([base = '']) => parseIp(base)?.family === family)?.[1];
  return { address, prefix: family === 6 ? 128 : prefix === undefined ? null : Number(prefix) };
}

/** A server gives the same client the same address again, as long as it is the same by what it calls itself. */
function present({ link }: Asking, family: Family): Found | undefined {
  return link?.addresses.find((each) => each.family === family && each.how === 'dhcp');
}

/** The network that a card is plugged into. */
export function networkOf(mac: string | null, { control, otherNetworks }: GuestFacts): CardNetwork | null {
  if (mac === null) return null;
  const key = mac.toLowerCase();
  if (key === control.mac.toLowerCase()) return control.network;
  return Object.entries(otherNetworks).find(([each]) => each.toLowerCase() === key)?.[1] ?? null;
}
