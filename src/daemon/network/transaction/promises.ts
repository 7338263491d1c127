/** What a plan promises, and so what is looked at before a change is kept. Pure. */
import { contains, parseIp, parseNetwork, sameIp } from '../../../core/netplan/address.ts';
import type { GuestFacts } from '../../../core/netplan/facts.ts';
import type { PredictedLink, Prediction } from '../../../core/netplan/prediction.ts';
import type { Probe } from '../../../core/network/probe.ts';
import type { GuestProbe } from '../../../guest/probe.ts';
import type { ReportedLink } from '../../../guest/report.ts';

export interface Promises {
  readonly addresses: readonly PromisedAddress[];
  /** Tried from the guest; with the words in which a failure is told. */
  readonly fromGuest: readonly { readonly probe: GuestProbe; readonly what: string }[];
  readonly fromHost: readonly { readonly probe: Probe; readonly what: string }[];
  /** Addresses by which the host is to reach the guest over a bridge. */
  readonly reached: readonly string[];
}

export interface PromisedAddress {
  readonly link: string;
  readonly mac: string | null;
  readonly family: 4 | 6;
  /** Null: any that a server there gives. */
  readonly address: string | null;
}

/**
 * @param touched  names of links that the change concerns
 * @param probes  what the user wants tried besides
 * @param lockedOut  it is meant to lock out: nobody is to reach it then
 */
export function promisesOf(after: Prediction, facts: GuestFacts, touched: ReadonlySet<string>, probes: readonly Probe[], lockedOut: boolean): Promises {
  const links = after.links.filter((link) => link.up && link.managedBy === 'networkd' && touched.has(link.name));
  const isDefault = (link: PredictedLink): boolean => link.mac === facts.control.mac;
  const gateways = lockedOut ? [] : gatewaysOf(after, touched);
  return {
    addresses: links.flatMap((link) => link.addresses.flatMap((address): PromisedAddress[] => {
      // A router says its prefix when it likes.
      const known = address.address !== null && address.how !== 'link-local' && address.how !== 'ra';
      const given = address.address === null && address.how === 'dhcp' && networkOf(link, facts)?.[address.family === 4 ? 'dhcp4' : 'dhcp6'] === true;
      return known || given ? [{ link: link.name, mac: link.mac, family: address.family, address: address.address }] : [];
    })),
    fromGuest: [
      ...gateways.map(({ via, link }) => ({ probe: { kind: 'ping' as const, address: via, port: null, link }, what: `the default gateway ${via}` })),
      ...probes.filter(({ from }) => from === 'guest').map(({ kind, address, port, text }) => ({ probe: { kind, address, port, link: null }, what: text })),
    ],
    fromHost: probes.filter(({ from }) => from === 'host').map((probe) => ({ probe, what: probe.text })),
    reached: lockedOut || facts.control.network?.kind !== 'bridge' ? [] : links.filter(isDefault).flatMap((link) => link.addresses)
      .flatMap(({ address, family }) => (address !== null && family === 4 && isIn(address, facts.control.network?.subnets ?? []) ? [address] : [])),
  };
}

/** Of each family the router that a packet to anywhere goes to, where a link that is touched has it. */
function gatewaysOf({ links }: Prediction, touched: ReadonlySet<string>): { readonly via: string; readonly link: string }[] {
  return ([4, 6] as const).flatMap((family) => {
    const ways = links.flatMap((link) => (link.up ? link.routes.filter((route) => route.family === family && route.to === 'default' && route.table === 254 && route.reachable).map((route) => ({ route, link: link.name })) : []));
    const best = ways.toSorted((a, b) => a.route.metric - b.route.metric)[0];
    return best?.route.via && touched.has(best.link) ? [{ via: best.route.via, link: best.link }] : [];
  });
}

function networkOf(link: PredictedLink, { control, otherNetworks }: GuestFacts): GuestFacts['control']['network'] {
  if (link.mac === control.mac) return control.network;
  return link.mac === null ? null : otherNetworks[link.mac] ?? null;
}

function isIn(address: string, subnets: readonly string[]): boolean {
  const ip = parseIp(address);
  return ip !== undefined && subnets.some((subnet) => {
    const network = parseNetwork(subnet);
    return network !== undefined && contains(network, ip);
  });
}

/** Those that a guest has not got, by its own report. */
export function missing(promised: readonly PromisedAddress[], links: readonly ReportedLink[]): PromisedAddress[] {
  return promised.filter(({ link, mac, family, address }) => {
    const found = links.find((each) => (mac === null ? each.name === link : each.mac === mac && (each.name === link || !links.some(({ name }) => name === link))));
    return !(found?.addresses.some((each) => (address === null ? each.family === family && each.scope === 'global' : sameIp(each.address, address))) ?? false);
  });
}

export function wanting({ link, family, address }: PromisedAddress): string {
  return address === null ? `${link} got no IPv${family} address by DHCP` : `${link} has not got ${address}`;
}
