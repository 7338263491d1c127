/** An instance's network as people want to see it: every interface, what it has, where each address is from, what netplan says. */
import type { WireInstanceNetwork } from '../../../api/network-schemas.ts';
import { sameIp } from '../../../core/netplan/address.ts';
import type { GuestAddress, GuestLink } from '../../../core/netplan/facts.ts';
import type { PredictedLink } from '../../../core/netplan/prediction.ts';
import { OWN_NETWORK } from '../../../core/network/network-option.ts';
import type { InstanceSpec } from '../../../core/instance.ts';
import type { House } from '../../instances/house.ts';
import type { Supervisor } from '../../supervisor.ts';
import { predicted } from './plan.ts';
import { situation, type Situation } from './situation.ts';

type Shown = WireInstanceNetwork['interfaces'][number];

/** @throws instance-not-found, instance-deleted, wrong-state, guest-unreachable */
export async function showNetwork(house: House, name: string, signal: AbortSignal): Promise<WireInstanceNetwork> {
  const supervisor = house.registry.require(name);
  const stands = await situation(house, supervisor, signal);
  const { look, at, from } = stands;
  const { refused, links } = predicted(look.files, stands);
  return {
    from, at, health: supervisor.network.health, healthReason: supervisor.network.reason,
    interfaces: look.links.map((link) => shown(link, links.find((each) => each.name === link.name), stands, supervisor)),
    refused: refused === null ? null : `${refused.place.file}:${refused.place.line}:${refused.place.column}: ${refused.message}`,
    armed: look.armed === null ? null : { transaction: look.armed.id, leftSeconds: look.armed.leftMs === null ? null : Math.ceil(look.armed.leftMs / 1000) },
    netplanVersion: look.netplanVersion,
  };
}

function shown(link: GuestLink, wanted: PredictedLink | undefined, { look, at, facts }: Situation, { record }: Supervisor): Shown {
  const { spec } = record.instance;
  return {
    name: link.name, role: roleOf(link, facts.control.mac), mac: link.mac, driver: link.driver, up: link.up, carrier: link.carrier, mtu: link.mtu,
    network: networkOf(spec, link.mac),
    addresses: link.addresses.map((address) => ({ ...addressOf(address, at), ...placeOf(address, wanted) })),
    routes: look.routes.filter((route) => route.link === link.name).map(({ to, via, metric, how }) => ({ to, via, metric, how })),
    dns: [...link.dns],
    definition: wanted?.definition ?? null, file: wanted?.place?.file ?? null, line: wanted?.place?.line ?? null,
    differs: wanted === undefined ? [] : differences(link, wanted),
  };
}

function roleOf({ mac, permanentMac, kind }: GuestLink, control: string): Shown['role'] {
  if (kind === 'loopback') return 'loopback';
  // A bridge or bond on it has its MAC too.
  if (kind === 'ethernet' && (mac === control || permanentMac === control)) return 'default';
  return kind === 'ethernet' || kind === 'wifi' ? 'extra' : 'virtual';
}

function networkOf({ mac: first, network, cards = [] }: InstanceSpec, mac: string | null): string | null {
  if (mac === first) return network === undefined ? 'user' : OWN_NETWORK;
  const card = cards.find((each) => each.mac === mac);
  return card === undefined ? null : card.network ?? OWN_NETWORK;
}

function addressOf({ address, prefix, family, how, validForS }: GuestAddress, at: string): Omit<Shown['addresses'][number], 'file' | 'line'> {
  return { address, prefix, family, how, expiresAt: validForS === null ? null : new Date(Date.parse(at) + validForS * 1000).toISOString() };
}

/** Of a static address the line that says it, of another the one that asks for it. */
function placeOf({ address, how, family }: GuestAddress, wanted: PredictedLink | undefined): { readonly file: string | null; readonly line: number | null } {
  const place = wanted?.addresses.find((each) => (each.address === null ? each.family === family && each.how === how : sameIp(each.address, address)))?.place;
  return { file: place?.file ?? null, line: place?.line ?? null };
}

/** What netplan says against what is there. */
function differences(link: GuestLink, { managedBy, up, addresses, mtu }: PredictedLink): string[] {
  if (managedBy !== 'networkd') return [];
  const known = addresses.flatMap(({ address, how }) => (address === null || how === 'link-local' ? [] : [address]));
  const has = (address: string): boolean => link.addresses.some((each) => sameIp(each.address, address));
  const unsaid = link.addresses.filter(({ how, address }) => how === 'static' && !known.some((each) => sameIp(each, address)));
  return [
    ...(up === link.up ? [] : [`netplan wants it ${up ? 'up' : 'down'}, and it is ${link.up ? 'up' : 'down'}`]),
    ...(up ? known.filter((address) => !has(address)).map((address) => `it has not got ${address}, which netplan says`) : []),
    ...unsaid.map(({ address }) => `it has ${address}, which netplan does not say`),
    ...(mtu === null || link.mtu === null || mtu === link.mtu ? [] : [`its MTU is ${link.mtu}, and netplan says ${mtu}`]),
  ];
}
