/**
 * What the kernel is told about a home's networks, as nftables text: instances reach each other, whichever zone they are in,
 * and the world behind the host's address, nobody from outside begins a conversation with them, of the host they reach only
 * what the network itself is made of, and none of them can speak as another one. docs/decisions/network.md says why each rule is there.
 */
import { eui64Address, hostAddress, hostAddress6, LINK_LOCAL, networkOf, type HomeNames, type HomeNetwork } from './home-network.ts';

/** A card on the home's network. */
export interface NetworkCard {
  readonly tap: string;
  readonly mac: string;
  readonly address: string;
}

/** ICMP and ICMPv6 by IANA's numbers: names are looked up in /etc/protocols, which a bare system does not have. */
export const ICMP_OF_BOTH = '{ 1, 58 }';

/** Both tables whole: loaded in one transaction, it takes the place of what was there. @param network  with those zones that are up */
export function ruleset(network: HomeNetwork, cards: readonly NetworkCard[]): string {
  const { table } = network;
  return `${['inet', 'bridge'].map((family) => `table ${family} ${table}\ndelete table ${family} ${table}\n`).join('')}${routed(network)}${bridged(network, cards)}`;
}

/** Also where neither table is there any more. */
export function rulesetRemoval({ table }: HomeNames): string {
  return ['inet', 'bridge'].map((family) => `table ${family} ${table}\ndelete table ${family} ${table}\n`).join('');
}

function routed({ table, zones }: HomeNetwork): string {
  const bridges = `{ ${zones.map(({ bridge }) => `"${bridge}"`).join(', ')} }`;
  const lines = (rules: readonly string[]): string => rules.map((rule) => `    ${rule}\n`).join('');
  const six = zones.flatMap(({ bridge, prefix6 }) => (prefix6 === null ? [] : [{ bridge, prefix: `${prefix6}/64` }]));
  return `table inet ${table} {
  chain input {
    type filter hook input priority filter; policy accept;
    iifname != ${bridges} accept
    ct state established,related accept
${lines(zones.map(({ bridge, subnet }) => `iifname "${bridge}" ip saddr != ${subnet} ip saddr != 0.0.0.0 drop`))}    meta l4proto ${ICMP_OF_BOTH} accept
    udp dport { 53, 67 } accept
    tcp dport 53 accept
    meta pkttype { broadcast, multicast } drop
    reject with icmpx admin-prohibited
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname != ${bridges} oifname != ${bridges} accept
    tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu
    ct state established,related accept
${lines([
    ...zones.map(({ bridge }) => `iifname "${bridge}" oifname "${bridge}" accept`),
    ...zones.map(({ bridge, subnet }) => `iifname "${bridge}" ip saddr ${subnet} accept`),
    ...six.map(({ bridge, prefix }) => `iifname "${bridge}" ip6 saddr ${prefix} accept`),
  ])}    reject with icmpx admin-prohibited
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
${lines([
    ...zones.map(({ subnet }) => `ip saddr ${subnet} oifname != ${bridges} masquerade`),
    ...six.map(({ prefix }) => `ip6 saddr ${prefix} oifname != ${bridges} masquerade`),
  ])}  }
}
`;
}

function bridged(network: HomeNetwork, cards: readonly NetworkCard[]): string {
  const { table, zones } = network;
  const six = cards.flatMap(({ tap, mac, address }) => {
    const prefix6 = networkOf(network, address)?.prefix6 ?? null;
    return [...(prefix6 === null ? [] : [prefix6]), LINK_LOCAL].map((prefix) => ({ tap, address: eui64Address(prefix, mac) }));
  });
  // The router and name server that guests are told of is the bridge's link-local address.
  const host6 = zones.flatMap((zone) => [hostAddress6(zone), eui64Address(LINK_LOCAL, zone.bridgeMac)]).filter((address) => address !== null);
  return `table bridge ${table} {
${set('cards', 'ifname . ether_addr', cards.map(({ tap, mac }) => `"${tap}" . ${mac}`))}
${set('own4', 'ifname . ipv4_addr', sameMachine(cards))}
${set('arp4', 'ifname . ipv4_addr', cards.map(({ tap, address }) => `"${tap}" . ${address}`))}
${set('given4', 'ipv4_addr', [...zones.map(hostAddress), ...cards.map(({ address }) => address)])}
${set('own6', 'ifname . ipv6_addr', sameMachine(six))}
${set('given6', 'ipv6_addr', [...host6, ...six.map(({ address }) => address)])}
  chain from_cards {
    type filter hook prerouting priority -300; policy accept;
    iifname != "${network.tapPrefix}*" accept
    ether type != { ip, arp, ip6 } drop
    iifname . ether saddr != @cards drop
    ip saddr @given4 iifname . ip saddr != @own4 drop
    arp saddr ip @given4 iifname . arp saddr ip != @arp4 drop
    ip6 saddr @given6 iifname . ip6 saddr != @own6 drop
    icmpv6 type nd-neighbor-advert jump claims
    ip6 saddr :: icmpv6 type nd-neighbor-solicit jump claims
    icmpv6 type { nd-router-advert, nd-redirect } drop
    udp sport { 67, 547 } drop
    ip version 4 udp dport 67 jump leases
  }
  chain leases {
    ip frag-off & 0x3fff != 0 drop
${cards.map(({ tap, mac }) => `    ${asking(tap, mac)}\n`).join('')}    drop
  }
  chain claims {
${[...host6.map((address) => claimed(address)), ...six.map(({ tap, address }) => claimed(address, tap))].map((line) => `    ${line}\n`).join('')}  }
}
`;
}

/**
 * A machine answers by whichever of its cards its routes say, so each may carry the addresses of all of them. What says
 * where an address is (ARP, neighbour advertisements) is each card's own: a card that is taken out takes no other's along.
 */
function sameMachine(cards: readonly Pick<NetworkCard, 'tap' | 'address'>[]): string[] {
  const machineOf = (tap: string): string => tap.slice(0, -1);
  return [...new Set(cards.flatMap(({ tap }) => cards.filter((other) => machineOf(other.tap) === machineOf(tap)).map(({ address }) => `"${tap}" . ${address}`)))];
}

/**
 * Nobody but its owner says where an address is, or that it is about to have it (who hears that while it tries its own out gives
 * it up): the target of a neighbour advertisement or solicitation, in bytes, since nft of Debian 12 has no name for it.
 */
function claimed(address: string, owner?: string): string {
  const target = `@th,64,128 0x${full(address)}`;
  return owner === undefined ? `${target} drop` : `${target} iifname != "${owner}" drop`;
}

/** What is asked of DHCP is asked for the card that asks: the client's address in the message (RFC 2131: chaddr, 28 bytes behind the 8 of UDP's header) is its MAC. */
function asking(tap: string, mac: string): string {
  return `iifname "${tap}" @th,288,48 0x${mac.replaceAll(':', '')} return`;
}

/** @param address  `fd00:1:2:3::1`, with one `::` or none */
function full(address: string): string {
  const [head = '', tail] = address.split('::');
  const [before, after] = [head.split(':'), tail?.split(':') ?? []];
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after].map((group) => group.padStart(4, '0')).join('');
}

/** Each element once, as the kernel lists them: how many there are is looked at, see ruleset-shape.ts. */
function set(name: string, type: string, elements: readonly string[]): string {
  return `  set ${name} { type ${type}; ${elements.length === 0 ? '' : `elements = { ${[...new Set(elements)].join(', ')} }; `}}`;
}
