/**
 * What the dnsmasq of one zone's network is told: an address for each card that was written down and for no other, names of instances in
 * `.holdfast` from our own list (what a guest calls itself counts for nothing), and nothing that would run a program.
 */
import { DOMAIN, eui64Address, hostAddress, networkOf, type HomeNetwork, type ZoneNetwork } from './home-network.ts';
import type { NetworkCard } from './ruleset.ts';

export interface DnsmasqFiles {
  readonly config: string;
  readonly pid: string;
  readonly leases: string;
  /** Cards and their addresses. */
  readonly reservations: string;
  /** Names and their addresses, as in /etc/hosts. */
  readonly names: string;
}

/** A name for the default card's addresses; further cards have none. */
export interface NamedCard extends NetworkCard {
  readonly name: string | null;
}

/** @param user  whom it becomes when it has its sockets */
export function dnsmasqConfig(network: ZoneNetwork, files: DnsmasqFiles, user: string): string {
  const { bridge, subnet, prefix6 } = network;
  return `${[
    '# Written by Holdfast; changes made here are lost.',
    `interface=${bridge}`, 'except-interface=lo', 'bind-dynamic', `user=${user}`, `pid-file=${files.pid}`,
    'no-hosts', 'domain-needed', 'bogus-priv', `local=/${DOMAIN}/`, `addn-hosts=${files.names}`,
    'dhcp-authoritative', 'dhcp-ignore-clid', 'dhcp-ignore-names', 'no-ping', 'dhcp-rapid-commit', 'quiet-dhcp', 'quiet-dhcp6', 'quiet-ra',
    `dhcp-range=${subnet.replace(/\/24$/, '')},static,255.255.255.0,infinite`, 'dhcp-lease-max=1000',
    `dhcp-option=option:router,${hostAddress(network)}`,
    // For guests to search. With domain= it would put the names of our list into leases, and answer with them when the list has them no more.
    `dhcp-option=option:domain-name,${DOMAIN}`,
    // The host name: without a value it is not sent. A guest knows its name, and networkd would start a service (some 4 MB, a second emulated) to set it again.
    'dhcp-option=12',
    `dhcp-hostsfile=${files.reservations}`, `dhcp-leasefile=${files.leases}`,
    ...(prefix6 === null ? [] : ['enable-ra', `dhcp-range=${prefix6},ra-only,64,infinite`]),
  ].join('\n')}\n`;
}

/** @param config  that it was started with */
export function announcesIpv6(config: string): boolean {
  return config.split('\n').includes('enable-ra');
}

/** Names are in our list, and nowhere else. */
export function reservations(cards: readonly NetworkCard[]): string {
  return cards.map(({ mac, address }) => `${mac},${address},infinite\n`).join('');
}

/** Of all zones, since each answers for the whole home. */
export function hostNames(home: HomeNetwork, cards: readonly NamedCard[]): string {
  return cards.flatMap(({ mac, address, name }) => {
    const prefix6 = networkOf(home, address)?.prefix6 ?? null;
    return name === null ? [] : [address, ...(prefix6 === null ? [] : [eui64Address(prefix6, mac)])].map((each) => `${each} ${name}.${DOMAIN} ${name}\n`);
  }).join('');
}

/**
 * The lease file without what is in the way: an address that has passed to another card would not be given to it while the
 * old lease stands, nor a card's own when it had another one; and a name in a lease is answered, also when our list has it no
 * more. A lease that no card stands behind is in nobody's way until then.
 * @param leases  lines of: expiry, MAC, address, name or `*`, client id; other lines (DHCPv6's) stay
 * @returns undefined when nothing is to go
 */
export function withoutStaleLeases(leases: string, cards: readonly NetworkCard[]): string | undefined {
  const lines = leases.split('\n').filter((line) => line !== '');
  const kept = lines.filter((line) => {
    const [, mac = '', address = '', name = ''] = line.split(' ');
    if (!address.includes('.')) return true;
    const concerned = cards.filter((card) => card.address === address || card.mac === mac.toLowerCase());
    return concerned.length === 0 ? name === '*' : concerned.every((card) => card.address === address && card.mac === mac.toLowerCase());
  });
  return kept.length === lines.length ? undefined : kept.map((line) => `${line}\n`).join('');
}
