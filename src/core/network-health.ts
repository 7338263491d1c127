/** Judges a guest's network from its own report: is the default interface what it was launched with? */
import type { Network } from './instance.ts';

export interface LinkFacts {
  readonly name: string;
  readonly mac: string;
  readonly up: boolean;
  readonly carrier: boolean;
  readonly addresses: readonly { readonly address: string; readonly family: 4 | 6; readonly scope: string; readonly prefix: number }[];
}

export interface DefaultInterface {
  readonly mac: string;
  /** The address that the host's network gave it. */
  readonly address: string;
}

/** `unreachable` is said only of what no host could reach: no interface, a link that is down, no address at all. */
export function networkHealth(links: readonly LinkFacts[] | undefined, expected: DefaultInterface): Network {
  if (!links) return { health: 'unknown', reason: null };
  const link = links.find(({ mac }) => mac === expected.mac);
  if (!link) return { health: 'unreachable', reason: `the default interface (${expected.mac}) is gone: its driver is not loaded or it was removed` };
  if (!link.up) return { health: 'unreachable', reason: `the default interface ${link.name} is down` };
  if (!link.carrier) return { health: 'unreachable', reason: `the default interface ${link.name} has no carrier` };
  const here = globalIpv4(link);
  if (here.includes(expected.address)) return { health: 'ok', reason: null };
  if (here.length === 0) return { health: 'unreachable', reason: `the default interface ${link.name} has no IPv4 address; it was given ${expected.address}` };
  return { health: 'changed', reason: `the default interface ${link.name} has ${here.join(', ')}; it was given ${expected.address}, which the host uses` };
}

/** IPv4 addresses of global scope that the guest has, the default interface's first, as `list` shows them. */
export function addressesToShow(links: readonly LinkFacts[] | undefined, mac: string, family: 4 | 6 = 4): string[] {
  if (!links) return [];
  const first = links.filter((link) => link.mac === mac);
  const rest = links.filter((link) => link.mac !== mac);
  return [...first, ...rest].flatMap((link) =>
    link.addresses.filter((each) => each.family === family && each.scope === 'global').map(({ address }) => address));
}

function globalIpv4(link: LinkFacts): string[] {
  return link.addresses.filter(({ family, scope }) => family === 4 && scope === 'global').map(({ address }) => address);
}
