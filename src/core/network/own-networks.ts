/**
 * Networks that Holdfast makes for whoever asks, besides the one that every home has. As root a closed bridge each, with an
 * address of the host's where a subnet is given; without, a switch between instances alone. Nothing routes out of them and
 * nobody gives addresses there.
 */
import { fail } from '../errors.ts';
import { hostAddress } from './home-network.ts';
import { overlap, parseIpv4Network, showIpv4, type Ipv4Network } from './ipv4.ts';
import { BRIDGED, OWN_NETWORK } from './network-option.ts';
import { ICMP_OF_BOTH } from './ruleset.ts';

export interface ClosedNetwork {
  readonly name: string;
  /** `192.168.68.0/24`; null: the host is not on it. */
  readonly subnet: string | null;
}

export interface OwnNetwork extends ClosedNetwork {
  readonly bridge: string;
  /** Of its nftables table. */
  readonly table: string;
}

export interface PrivateNetwork extends ClosedNetwork {
  readonly subnet: null;
  /** Among those of its home. */
  readonly number: number;
}

const MOST = 32;

/**
 * @param key  the home's: names on the host follow from it
 * @param links  names of all links of the host  @param used  networks that the host uses
 * @throws bad-argument, not-supported
 */
export function planNetwork(name: string, subnet: string | undefined, key: string, existing: readonly OwnNetwork[], links: readonly string[], used: readonly string[]): OwnNetwork {
  requireFreeName(name, existing);
  if (links.includes(name)) throw fail('bad-argument', `the host has a network interface that is called ${name}, so a network cannot be`, { hint: 'choose another name' });
  const number = freeNumber((index) => existing.some(({ bridge }) => bridge === bridgeName(key, index)));
  return { name, bridge: bridgeName(key, number), table: `holdfast_${key.slice(0, 8)}_${number}`, subnet: subnet === undefined ? null : requireSubnet(subnet, [...used, ...existing.flatMap((each) => each.subnet ?? [])]) };
}

/** @throws bad-argument, not-supported */
export function planPrivateNetwork(name: string, subnet: string | undefined, existing: readonly PrivateNetwork[]): PrivateNetwork {
  requireFreeName(name, existing);
  if (subnet !== undefined) throw fail('not-supported', 'a network of which the host has an address needs a daemon that runs as root, on Linux', { hint: 'without --subnet it is a network between instances; each says its address itself: launch --network name=…,ip=…' });
  return { name, subnet: null, number: freeNumber((index) => existing.some(({ number }) => number === index)) };
}

function requireFreeName(name: string, existing: readonly ClosedNetwork[]): void {
  if ([OWN_NETWORK, BRIDGED].includes(name)) throw fail('bad-argument', `a network cannot be called ${name}: that word stands for another one`);
  if (existing.some((each) => each.name === name)) throw fail('bad-argument', `there is a network ${name} already`, { hint: 'see which there are: holdfast networks' });
}

function freeNumber(isTaken: (number: number) => boolean): number {
  const number = Array.from({ length: MOST }, (_, index) => index).find((index) => !isTaken(index));
  if (number === undefined) throw fail('not-supported', `there are ${MOST} networks already, which is as many as there can be`);
  return number;
}

/** At most 15 characters. */
function bridgeName(key: string, number: number): string {
  return `hn-${key.slice(0, 8)}-${number}`;
}

/** Of whichever home. */
export function isClosedBridge(link: string): boolean {
  return /^hn-[0-9a-f]{8}-\d{1,2}$/.test(link);
}

const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map(parseIpv4Network).filter((each): each is Ipv4Network => each !== undefined);

/** @throws bad-argument */
function requireSubnet(text: string, used: readonly string[]): string {
  const network = text.includes('/') ? parseIpv4Network(text) : undefined;
  if (network === undefined || network.prefix < 16 || network.prefix > 29) throw fail('bad-argument', `'${text}' is no subnet for a network`, { hint: 'for example 192.168.68.0/24; between /16 and /29' });
  if (!PRIVATE.some((range) => overlap(range, network) && range.prefix <= network.prefix)) throw fail('bad-argument', `${text} is no private network: it belongs to somebody on the internet`, { hint: 'take one of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16' });
  const clash = used.find((each) => {
    const other = parseIpv4Network(each);
    return other !== undefined && other.prefix > 0 && overlap(other, network);
  });
  if (clash !== undefined) throw fail('bad-argument', `the host uses ${clash} already, which ${text} overlaps`, { hint: 'choose another subnet; see: ip route' });
  return `${showIpv4(network.base)}/${network.prefix}`;
}

/** Where it is reached by the host, with its prefix. */
export function hostOn({ subnet }: OwnNetwork): string | null {
  return subnet === null ? null : `${hostAddress({ subnet })}/${subnet.split('/')[1] ?? ''}`;
}

/** The host answers to echo and to what it asked itself; nothing goes from there elsewhere, or from elsewhere there. */
export function closedRules({ bridge, table }: OwnNetwork): string {
  return `table inet ${table}
delete table inet ${table}
table inet ${table} {
  chain input {
    type filter hook input priority filter; policy accept;
    iifname != "${bridge}" accept
    ct state established,related accept
    meta l4proto ${ICMP_OF_BOTH} accept
    meta pkttype { broadcast, multicast } drop
    reject with icmpx admin-prohibited
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname != "${bridge}" oifname != "${bridge}" accept
    iifname "${bridge}" oifname "${bridge}" accept
    reject with icmpx admin-prohibited
  }
}
`;
}

export function rulesRemoval({ table }: OwnNetwork): string {
  return `table inet ${table}\ndelete table inet ${table}\n`;
}
