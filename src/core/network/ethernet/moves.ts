/** The lines for `ip -batch` that put an ethernet of the host into a bridge with all that it has, and that take it out again. */
import { routesToCarry, type Picture } from './picture.ts';

export interface Pair {
  readonly ethernet: string;
  readonly bridge: string;
}

/** What the bridges of ethernets are marked with begins with it, in whichever home. */
export const MARK = 'holdfast-';

/** Names that can stand in a batch; the kernel itself allows more. */
const PLAIN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/;
const MOST = 15;

export function isPlainName(name: string): boolean {
  return PLAIN_NAME.test(name);
}

/** The same in every home, which therefore share it. @returns at most 15 characters: of a long name the end, which is what differs (enx0011223344aa) */
export function bridgeNameFor(ethernet: string): string {
  return `br-${ethernet.slice(-(MOST - 'br-'.length))}`;
}

/** Harms nobody yet. No spanning tree: it would keep the host off its network for half a minute. @param mark  says who made it */
export function makeLines({ bridge }: Pair, { mac, mtu, addressMode }: Picture, mark: string): string[] {
  return [
    `link add name ${bridge} address ${mac} mtu ${mtu} type bridge stp_state 0 forward_delay 0`,
    `link set dev ${bridge} alias ${mark}`,
    ...(addressMode === null ? [] : [`link set dev ${bridge} addrgenmode ${addressMode}`]),
  ];
}

/** From the first line on the host is off its network, for as long as all of them take. */
export function switchLines({ ethernet, bridge }: Pair, { addresses, addressMode, up }: Picture): string[] {
  return [
    `link set dev ${bridge} up`,
    `link set dev ${ethernet} master ${bridge}`,
    // A port has no address of its own.
    ...(addressMode === null ? [] : [`link set dev ${ethernet} addrgenmode none`]),
    ...(up ? [] : [`link set dev ${ethernet} up`]),
    // The first of a network takes the others along.
    ...addresses.toReversed().map(({ address, words }) => (words[1] === 'peer' ? `address del ${words.slice(0, 3).join(' ')} dev ${ethernet}` : `address del ${address} dev ${ethernet}`)),
    ...addresses.map(({ words, lifetime }) => `address replace ${[...words, 'dev', bridge, ...lifetime].join(' ')}`),
  ];
}

/** Each for itself: what has gone already, or come already, is no failure. Whether all are there is seen afterwards. */
export function routeLines({ ethernet, bridge }: Pair, had: Picture): string[] {
  const routes = routesToCarry(had);
  return [
    ...routes.map(({ words }) => `route del ${[...words, 'dev', ethernet].join(' ')}`),
    // An IPv6 route that replaces one would replace another link's.
    ...routes.map(({ words, lifetime }) => `route append ${[...words, 'dev', bridge, ...lifetime].join(' ')}`),
  ];
}

/** From wherever the others were left; each for itself. @param whole  the bridge is to go, which takes along what it has */
export function backLines({ ethernet, bridge }: Pair, had: Picture, whole: boolean): string[] {
  return [
    `link set dev ${ethernet} nomaster`,
    ...(whole ? [`link delete dev ${bridge}`] : []),
    ...(had.addressMode === null ? [] : [`link set dev ${ethernet} addrgenmode ${had.addressMode}`]),
    ...(had.up ? [] : [`link set dev ${ethernet} down`]),
    ...had.addresses.map(({ words, label, lifetime }) => `address replace ${[...words, 'dev', ethernet, ...(label === null ? [] : ['label', label]), ...lifetime].join(' ')}`),
    ...routesToCarry(had).map(({ words, lifetime }) => `route append ${[...words, 'dev', ethernet, ...lifetime].join(' ')}`),
  ];
}
