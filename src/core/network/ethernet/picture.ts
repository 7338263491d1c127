/** What a link of the host has (addresses, routes, the link itself), as words for `ip` that give it to this link or to another one. */
import { contains, parseNetwork } from '../../netplan/address.ts';

export interface Picture {
  readonly mac: string;
  readonly mtu: number;
  readonly up: boolean;
  /** How it makes its link-local address; null on a kernel without IPv6. */
  readonly addressMode: string | null;
  /** In the kernel's order: the first of a network is the one that is spoken by. */
  readonly addresses: readonly PicturedAddress[];
  readonly routes: readonly PicturedRoute[];
}

export interface PicturedAddress {
  /** `198.18.1.2/24`: what it is known by. */
  readonly address: string;
  readonly family: 4 | 6;
  /** Of one that ends: somebody renews it. */
  readonly lifetime: readonly string[];
  readonly words: readonly string[];
  /** `eth0:1`; it goes with the name of the link. */
  readonly label: string | null;
  /** It changes by itself, for privacy. */
  readonly temporary: boolean;
  /** The route to its network is somebody's own. */
  readonly routeApart: boolean;
}

export interface PicturedRoute {
  readonly family: 4 | 6;
  /** `0.0.0.0/0` and `::/0` for the default ones. */
  readonly to: string;
  readonly gateway: string | null;
  readonly table: string;
  /** Without its lifetime. */
  readonly words: readonly string[];
  readonly lifetime: readonly string[];
  /** The kernel makes it of an address. */
  readonly ofKernel: boolean;
}

/** What the kernel says for an end that never comes. */
const FOREVER = 0xFFFFFFFF;

/** @param json  one of `addr_info` */
export function pictureAddress(json: Readonly<Record<string, unknown>>, link: string): PicturedAddress {
  const local = String(json['local']);
  const family = json['family'] === 'inet6' ? 6 : 4;
  const address = `${local}/${Number(json['prefixlen'])}`;
  const [valid, preferred] = [Number(json['valid_life_time'] ?? FOREVER), Number(json['preferred_life_time'] ?? FOREVER)];
  const flags = ['noprefixroute', 'mngtmpaddr', 'home'].filter((flag) => json[flag] === true);
  const [label, metric] = [json['label'], json['metric']];
  return {
    address, family, temporary: json['temporary'] === true, routeApart: flags.includes('noprefixroute'), label: family === 4 && typeof label === 'string' && label !== link ? label : null,
    lifetime: valid === FOREVER && preferred === FOREVER ? [] : ['valid_lft', time(valid), 'preferred_lft', time(preferred)],
    words: [
      ...(typeof json['address'] === 'string' ? [local, 'peer', `${json['address']}/${Number(json['prefixlen'])}`] : [address]),
      ...(typeof json['broadcast'] === 'string' ? ['broadcast', json['broadcast']] : []),
      ...(family === 4 && typeof json['scope'] === 'string' ? ['scope', json['scope']] : []),
      ...(typeof metric === 'number' ? ['metric', String(metric)] : []),
      // It was tried out where it is from.
      ...flags, ...(family === 6 ? ['nodad'] : []),
    ],
  };
}

function time(seconds: number): string {
  return seconds === FOREVER ? 'forever' : String(seconds);
}

const ROUTE_KEYS = ['type', 'dst', 'gateway', 'via', 'dev', 'table', 'protocol', 'scope', 'prefsrc', 'metric', 'flags', 'metrics', 'pref', 'expires', 'tos'];
const METRICS = ['mtu', 'advmss', 'window', 'initcwnd', 'initrwnd', 'hoplimit', 'quickack', 'reordering', 'ssthresh', 'cwnd'];

/** @returns undefined for what the kernel keeps by itself (its own table); a text says what it has that cannot be carried over */
export function pictureRoute(json: Readonly<Record<string, unknown>>, family: 4 | 6): PicturedRoute | string | undefined {
  if (json['table'] === 'local' || !['unicast', undefined].includes(json['type'] as string | undefined)) return undefined;
  const to = json['dst'] === 'default' ? family === 4 ? '0.0.0.0/0' : '::/0' : String(json['dst']);
  const metrics = Object.entries(Array.isArray(json['metrics']) ? (json['metrics'] as readonly object[])[0] ?? {} : {}) as [string, unknown][];
  const strange = [...Object.keys(json).filter((key) => !ROUTE_KEYS.includes(key)), ...metrics.filter(([key, value]) => !METRICS.includes(key) || typeof value !== 'number').map(([key]) => key)];
  if (strange.length > 0) return `its route to ${to} has ${strange.join(' and ')}`;
  const text = (key: string, word: string): string[] => (['string', 'number'].includes(typeof json[key]) ? [word, String(json[key])] : []);
  const via = json['via'] as { readonly family?: string; readonly host?: string } | undefined;
  const table = typeof json['table'] === 'string' ? json['table'] : 'main';
  const gateway = typeof json['gateway'] === 'string' ? json['gateway'] : via?.host ?? null;
  return {
    family, to, gateway, table, ofKernel: json['protocol'] === 'kernel',
    lifetime: typeof json['expires'] === 'number' ? ['expires', String(json['expires'])] : [],
    words: [
      to, ...(via === undefined ? text('gateway', 'via') : ['via', via.family ?? '', via.host ?? '']), ...text('prefsrc', 'src'), ...text('protocol', 'proto'),
      ...(family === 4 ? text('scope', 'scope') : []), ...text('metric', 'metric'), ...text('tos', 'tos'), 'table', table,
      ...(Array.isArray(json['flags']) && json['flags'].includes('onlink') ? ['onlink'] : []),
      ...metrics.flatMap(([key, value]) => [key, String(value)]), ...(json['pref'] === undefined || json['pref'] === 'medium' ? [] : text('pref', 'pref')),
    ],
  };
}

/** Routes that do not come with the addresses; those to a link's neighbours first, since gateways are among them. */
export function routesToCarry({ addresses, routes }: Picture): PicturedRoute[] {
  const carried = routes.filter(({ ofKernel, family, to }) => !ofKernel || (!to.startsWith('fe80:') && addresses.some((each) => each.family === family && each.routeApart)));
  return [...carried.filter(({ gateway }) => gateway === null), ...carried.filter(({ gateway }) => gateway !== null)];
}

/** What has been lost from one picture to another. @returns in words; empty when everything is there */
export function lost(had: Picture, has: Picture): string[] {
  const addresses = had.addresses.filter((wanted) => !wanted.temporary && !has.addresses.some((each) => each.address === wanted.address || standsFor(each, wanted))).map(({ address }) => address);
  const known = new Set(has.routes.map(routeKey));
  const routes = routesToCarry(had).filter((route) => !known.has(routeKey(route))).map(({ to, gateway }) => `the route to ${to}${gateway === null ? '' : ` by ${gateway}`}`);
  return [...addresses, ...routes];
}

/** What a host makes of a router's word may have the link's name in it, and is another one on another link. */
function standsFor(has: PicturedAddress, wanted: PicturedAddress): boolean {
  if (has.address.startsWith('fe80:') && wanted.address.startsWith('fe80:')) return true;
  const [one, other] = [has, wanted].map(({ address, family, lifetime }) => (family === 6 && lifetime.length > 0 ? parseNetwork(address) : undefined));
  return one !== undefined && other !== undefined && contains(one, other);
}

function routeKey({ family, to, gateway, table }: PicturedRoute): string {
  return [family, to, gateway, table].join(' ');
}

/** Gateways of the default routes first. */
export function gatewaysOf({ routes }: Picture): string[] {
  const ways = routes.filter(({ gateway }) => gateway !== null);
  const isDefault = ({ to }: PicturedRoute): boolean => to === '0.0.0.0/0' || to === '::/0';
  return [...new Set([...ways.filter(isDefault), ...ways.filter((way) => !isDefault(way))].map(({ gateway }) => gateway ?? ''))];
}
