/**
 * The network of one home, as root on Linux: everything about it follows from the home's key, so that two homes on one host
 * never meet, and what an earlier daemon left is known by its name. Interface names have at most 15 characters.
 */
import { overlap, parseIpv4Network, showIpv4, type Ipv4Network } from './ipv4.ts';

export interface HomeNetwork {
  readonly bridge: string;
  /** Of the nftables tables. */
  readonly table: string;
  /** Its own, so that it does not change with the cards that come and go. */
  readonly bridgeMac: string;
  /** `10.107.31.0/24`; the host is .1, instances are .2 to .254. */
  readonly subnet: string;
  /** `fd12:3456:789a:bcde::`, a /64; null where the host has no IPv6. */
  readonly prefix6: string | null;
  /** Taps of cards on this network begin with it, those of cards on other bridges of the host with the second. */
  readonly tapPrefix: string;
  readonly foreignTapPrefix: string;
}

export const DOMAIN = 'holdfast';
const FIRST_HOST = 2;
const LAST_HOST = 254;

/** @param hash  the home's key, at least 20 hexadecimal digits that no other home has */
export function homeNetwork(hash: string, subnet: string, ipv6: boolean): HomeNetwork {
  const name = hash.slice(0, 8);
  return {
    bridge: `hf-${name}`, table: `holdfast_${name}`, subnet,
    // Locally administered, and not in the range that instances have.
    bridgeMac: ['02', ...(hash.slice(0, 10).match(/../g) ?? [])].join(':'),
    // RFC 4193: fd, 40 bits that nobody else is likely to have, a subnet's 16.
    prefix6: ipv6 ? `fd${hash.slice(0, 2)}:${hash.slice(2, 6)}:${hash.slice(6, 10)}:${hash.slice(10, 14)}::` : null,
    tapPrefix: `h${hash.slice(0, 4)}-`, foreignTapPrefix: `g${hash.slice(0, 4)}-`,
  };
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

export function hostAddress({ subnet }: Pick<HomeNetwork, 'subnet'>): string {
  return addressIn(subnet, 1);
}

export function hostAddress6({ prefix6 }: Pick<HomeNetwork, 'prefix6'>): string | null {
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
export function tapOwner({ tapPrefix, foreignTapPrefix }: HomeNetwork, link: string): string | undefined {
  const prefix = [tapPrefix, foreignTapPrefix].find((each) => link.startsWith(each));
  const found = prefix === undefined ? null : /^([0-9a-f]{8})[0-7]$/.exec(link.slice(prefix.length));
  return found?.[1];
}

function addressIn(subnet: string, host: number): string {
  return showIpv4((parseIpv4Network(subnet)?.base ?? 0) + host);
}
