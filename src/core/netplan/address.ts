/** IP addresses and networks of both families as numbers, read as strictly as inet_pton(3) does. */
import type { Family } from './facts.ts';

export interface Ip {
  readonly family: Family;
  /** 0..2^32-1 or 0..2^128-1 */
  readonly value: bigint;
}

export interface IpNetwork extends Ip {
  /** 0..32 or 0..128 */
  readonly prefix: number;
}

export const BITS = { 4: 32, 6: 128 } as const satisfies Record<Family, number>;

export function parseIp(text: string): Ip | undefined {
  return parseIpv4(text) ?? parseIpv6(text);
}

/** @param text  an address with or without its prefix; without, a network of one */
export function parseNetwork(text: string): IpNetwork | undefined {
  const slash = text.lastIndexOf('/');
  const ip = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (!ip) return undefined;
  if (slash < 0) return { ...ip, prefix: BITS[ip.family] };
  const digits = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(digits) || Number(digits) > BITS[ip.family]) return undefined;
  return { ...ip, prefix: Number(digits) };
}

/** The network that an address is in, by its own prefix. */
export function masked({ family, value, prefix }: IpNetwork): IpNetwork {
  const low = BigInt(BITS[family] - prefix);
  return { family, value: (value >> low) << low, prefix };
}

export function contains(network: IpNetwork, ip: Ip): boolean {
  if (network.family !== ip.family) return false;
  const low = BigInt(BITS[network.family] - network.prefix);
  return network.value >> low === ip.value >> low;
}

export function overlap(a: IpNetwork, b: IpNetwork): boolean {
  return a.prefix < b.prefix ? contains(a, b) : contains(b, a);
}

export function sameIp(a: string, b: string): boolean {
  const [first, second] = [parseIp(a), parseIp(b)];
  return first !== undefined && second !== undefined && first.family === second.family && first.value === second.value;
}

export function isLinkLocal({ family, value }: Ip): boolean {
  return family === 4 ? value >> 16n === 0xa9fen : value >> 118n === 0x3fan;
}

/** The first address of an IPv4 network, or its last; null: in so small a network, or in IPv6, there is none. */
export function ends(network: IpNetwork): { readonly network: bigint; readonly broadcast: bigint } | null {
  if (network.family === 6 || network.prefix > 30) return null;
  const first = masked(network).value;
  return { network: first, broadcast: first + (1n << BigInt(32 - network.prefix)) - 1n };
}

/** As networkd and `ip` write it: IPv6 by RFC 5952. */
export function showIp({ family, value }: Ip): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
  const groups = Array.from({ length: 8 }, (_, at) => Number((value >> BigInt(112 - 16 * at)) & 0xffffn));
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at += 1) {
    let length = 0;
    while (groups[at + length] === 0) length += 1;
    if (length > best.length) best = { at, length };
  }
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  return best.at < 0 ? hex(groups) : `${hex(groups.slice(0, best.at))}::${hex(groups.slice(best.at + best.length))}`;
}

export function showNetwork(network: IpNetwork): string {
  return `${showIp(network)}/${network.prefix}`;
}

function parseIpv4(text: string): Ip | undefined {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((octet) => /^(0|[1-9]\d{0,2})$/.test(octet) && Number(octet) < 256)) return undefined;
  return { family: 4, value: octets.reduce((sum, octet) => sum * 256n + BigInt(octet), 0n) };
}

function parseIpv6(text: string): Ip | undefined {
  if (text.length > 45 || !text.includes(':')) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(groupsOf);
  if (!head || (halves.length === 2 && !tail)) return undefined;
  // An IPv4 address may stand at the very end only.
  if (halves.length === 2 && halves[0]?.includes('.')) return undefined;
  const rest = tail ?? [];
  const missing = 8 - head.length - rest.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...rest];
  return { family: 6, value: groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n) };
}

function groupsOf(text: string): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [at, part] of parts.entries()) {
    if (at === parts.length - 1 && part.includes('.')) {
      const v4 = parseIpv4(part);
      if (!v4) return undefined;
      groups.push(Number(v4.value >> 16n), Number(v4.value & 0xffffn));
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}
