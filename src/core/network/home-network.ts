/**
 * The networks of one home, one for each zone, as root on Linux: everything about them follows from the home's key, so that
 * two homes on one host never meet, and what an earlier daemon left is known by its name. Interface names have at most 15
 * characters.
 */
import { ZONES, type ZoneName } from '../zones.ts';
import { overlap, parseIpv4Network, showIpv4, type Ipv4Network } from './ipv4.ts';

/** Names on the host that all of a home's networks have in common. */
export interface HomeNames {
  /** Of the nftables tables. */
  readonly table: string;
  /** Taps of cards on these networks begin with it, those of cards on other bridges of the host with the second. */
  readonly tapPrefix: string;
  readonly foreignTapPrefix: string;
}

/** Of one zone. */
export interface ZoneNetwork {
  readonly zone: ZoneName;
  readonly bridge: string;
  /** Its own, so that it does not change with the cards that come and go. */
  readonly bridgeMac: string;
  /** `10.107.31.0/24`; the host is .1, instances are .2 to .254. */
  readonly subnet: string;
  /** `fd12:3456:789a:bcde::`, a /64; null where the host has no IPv6. */
  readonly prefix6: string | null;
}

export interface HomeNetwork extends HomeNames {
  /** Those that have a subnet. */
  readonly zones: readonly ZoneNetwork[];
}

/** The zone whose network is the one that every home had before zones had their own. */
export const FIRST_ZONE: ZoneName = 'zone1';

export const DOMAIN = 'holdfast';
/** The prefix of link-local addresses, of 64 bits. */
export const LINK_LOCAL = 'fe80:0:0:0::';
const FIRST_HOST = 2;
const LAST_HOST = 254;

/** @param hash  the home's key, at least 20 hexadecimal digits that no other home has */
export function homeNames(hash: string): HomeNames {
  return { table: `holdfast_${hash.slice(0, 8)}`, tapPrefix: `h${hash.slice(0, 4)}-`, foreignTapPrefix: `g${hash.slice(0, 4)}-` };
}

/** @param hash  as above  @param subnets  those that were chosen, by zone */
export function homeNetwork(hash: string, subnets: Readonly<Partial<Record<ZoneName, string>>>, ipv6: boolean): HomeNetwork {
  const zones = ZONES.flatMap((zone, index): ZoneNetwork[] => {
    const subnet = subnets[zone];
    return subnet === undefined ? [] : [{
      zone, subnet, bridge: zoneBridge(hash, zone),
      // Locally administered, and not in the range that instances have.
      bridgeMac: ['02', ...(hash.slice(0, 8).match(/../g) ?? []), plus(hash.slice(8, 10), index)].join(':'),
      // RFC 4193: fd, 40 bits that nobody else is likely to have, a subnet's 16.
      prefix6: ipv6 ? `fd${hash.slice(0, 2)}:${hash.slice(2, 6)}:${hash.slice(6, 10)}:${plus(hash.slice(10, 14), index)}::` : null,
    }];
  });
  return { ...homeNames(hash), zones };
}

export function zoneBridge(hash: string, zone: ZoneName): string {
  const index = ZONES.indexOf(zone);
  return `hf-${hash.slice(0, 8)}${index === 0 ? '' : `-${index + 1}`}`;
}

/** @returns the beginning of the key of the home whose it is, whichever zone's and home's; undefined for other links */
export function keyOfBridge(link: string): string | undefined {
  return /^hf-([0-9a-f]{8})(?:-\d)?$/.exec(link)?.[1];
}

/** @returns the zone's network that an address is of, whichever zone its instance is in */
export function networkOf({ zones }: Pick<HomeNetwork, 'zones'>, address: string): ZoneNetwork | undefined {
  const wanted = parseIpv4Network(address);
  return zones.find(({ subnet }) => {
    const own = parseIpv4Network(subnet);
    return wanted !== undefined && own !== undefined && overlap(own, wanted);
  });
}

/** Hexadecimal digits, as many as there were. */
function plus(digits: string, step: number): string {
  return ((Number.parseInt(digits, 16) + step) % 16 ** digits.length).toString(16).padStart(digits.length, '0');
}

/**
 * A /24 that the host does not use yet. Where to begin follows from the hash; networks that are in use are passed over.
 * @param taken  the host's own networks and routes, `10.0.0.0/8`; what is no IPv4 network (`default`) counts for nothing
 * @returns undefined when there is none left
 */
export function chooseSubnet(hash: string, taken: readonly string[]): string | undefined {
  const used = taken.map(parseIpv4Network).filter((network): network is Ipv4Network => network !== undefined && network.prefix > 0);
  const begin = Number.parseInt(hash.slice(0, 8), 16);
  for (const { from, count } of RANGES) {
    const first = parseIpv4Network(from)?.base ?? 0;
    for (let step = 0; step < count; step += 1) {
      const candidate = { base: first + ((begin + step) % count) * 256, prefix: 24 };
      if (!used.some((network) => overlap(network, candidate))) return `${showIpv4(candidate.base)}/24`;
    }
  }
  return undefined;
}

/** Private ranges, in /24s. The first leaves out what Multipass, Docker and the user network of Holdfast take. */
const RANGES = [{ from: '10.100.0.0', count: 64 * 256 }, { from: '172.24.0.0', count: 4 * 256 }, { from: '192.168.128.0', count: 112 }] as const;

export function hostAddress({ subnet }: Pick<ZoneNetwork, 'subnet'>): string {
  return addressIn(subnet, 1);
}

export function hostAddress6({ prefix6 }: Pick<ZoneNetwork, 'prefix6'>): string | null {
  return prefix6 === null ? null : `${prefix6}1`;
}

/** The lowest address that nobody has. @returns undefined when 253 are taken */
export function freeAddress(subnet: string, taken: ReadonlySet<string>): string | undefined {
  for (let host = FIRST_HOST; host <= LAST_HOST; host += 1) {
    const address = addressIn(subnet, host);
    if (!taken.has(address)) return address;
  }
  return undefined;
}

/** The address that a guest makes of the prefix and its card's MAC (RFC 4291, appendix A), in full: eight groups of four digits. */
export function eui64Address(prefix6: string, mac: string): string {
  const [a = '', b = '', c = '', d = '', e = '', f = ''] = mac.split(':');
  const flipped = (Number.parseInt(a, 16) ^ 2).toString(16).padStart(2, '0');
  const groups = [...prefix6.replace(/::$/, '').split(':').map((group) => group.padStart(4, '0')), `${flipped}${b}`, `${c}ff`, `fe${d}`, `${e}${f}`];
  return groups.join(':');
}

/** The tap of one card: 15 characters. @param slot  0 is the default card */
export function tapName(prefix: string, id: string, slot: number): string {
  return `${prefix}${id}${slot}`;
}

/** @returns the id of the instance whose tap it is, or undefined */
export function tapOwner({ tapPrefix, foreignTapPrefix }: HomeNames, link: string): string | undefined {
  const prefix = [tapPrefix, foreignTapPrefix].find((each) => link.startsWith(each));
  const found = prefix === undefined ? null : /^([0-9a-f]{8})[0-7]$/.exec(link.slice(prefix.length));
  return found?.[1];
}

function addressIn(subnet: string, host: number): string {
  return showIpv4((parseIpv4Network(subnet)?.base ?? 0) + host);
}
