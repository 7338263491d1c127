/**
 * A guest's facts out of JSON that a person or a program wrote: the form of `GuestFacts`, of which all but the links' names may be
 * left out. What is left out counts as not known, and cards without word of their state as up.
 */
import { fail } from '../errors.ts';
import { parseIp } from './address.ts';
import type { AddressOrigin, CardNetwork, Control, GuestAddress, GuestFacts, GuestLink, GuestRoute, LinkKind } from './facts.ts';

type Json = Readonly<Record<string, unknown>>;

const KINDS: readonly LinkKind[] = ['ethernet', 'loopback', 'wifi', 'virtual', 'other'];
const ORIGINS: readonly AddressOrigin[] = ['dhcp', 'ra', 'static', 'link-local', 'unknown'];
const SCOPES: readonly GuestAddress['scope'][] = ['global', 'link', 'host', 'site'];

/** @throws bad-argument, naming what is wrong */
export function factsFromJson(value: unknown): GuestFacts {
  const facts = objectAt(Array.isArray(value) ? { links: value } : value, 'the facts');
  const links = list(facts, 'links').map((each, at) => linkFrom(each, `links[${at}]`));
  const renderers = objectAt(facts['renderers'] ?? {}, 'renderers');
  return {
    links,
    routes: list(facts, 'routes').map((each, at) => routeFrom(each, `routes[${at}]`)),
    netplanVersion: text(facts, 'netplanVersion'), systemdVersion: text(facts, 'systemdVersion'),
    renderers: { networkd: bool(renderers, 'networkd', true), networkManager: bool(renderers, 'networkManager', false) },
    control: controlFrom(facts['control'], links),
    otherNetworks: Object.fromEntries(Object.entries(objectAt(facts['otherNetworks'] ?? {}, 'otherNetworks')).map(([mac, each]) => [mac.toLowerCase(), networkFrom(each, `otherNetworks.${mac}`)])),
    hostSubnets: texts(facts, 'hostSubnets'), foreignNetworkFiles: texts(facts, 'foreignNetworkFiles'),
  };
}

function linkFrom(value: unknown, where: string): GuestLink {
  const link = objectAt(value, where);
  const name = text(link, 'name');
  if (name === null) return wrong(`${where}.name`, 'the name of an interface');
  const mac = text(link, 'mac')?.toLowerCase() ?? null;
  return {
    name, mac, permanentMac: text(link, 'permanentMac')?.toLowerCase() ?? mac, driver: text(link, 'driver'), kind: oneOf(link, 'kind', KINDS, name === 'lo' ? 'loopback' : 'ethernet'),
    up: bool(link, 'up', true), carrier: bool(link, 'carrier', true), mtu: number(link, 'mtu'), dns: texts(link, 'dns'),
    addresses: list(link, 'addresses').map((each, at) => addressFrom(each, `${where}.addresses[${at}]`)),
  };
}

function addressFrom(value: unknown, where: string): GuestAddress {
  const given = objectAt(value, where);
  const [address = '', prefix] = (text(given, 'address') ?? '').split('/');
  const ip = parseIp(address);
  if (!ip) return wrong(`${where}.address`, 'an IP address');
  return {
    address, prefix: number(given, 'prefix') ?? Number(prefix ?? (ip.family === 4 ? 24 : 64)), family: ip.family, scope: oneOf(given, 'scope', SCOPES, 'global'),
    how: oneOf(given, 'how', ORIGINS, 'unknown'), validForS: number(given, 'validForS'),
  };
}

function routeFrom(value: unknown, where: string): GuestRoute {
  const route = objectAt(value, where);
  const [to, via, link] = [text(route, 'to') ?? 'default', text(route, 'via'), text(route, 'link')];
  if (link === null) return wrong(`${where}.link`, 'the name of an interface');
  const family = parseIp((to === 'default' ? (via ?? '') : to).split('/')[0] ?? '')?.family ?? (route['family'] === 6 ? 6 : 4);
  return { family, to, via, link, metric: number(route, 'metric') ?? 0, how: oneOf(route, 'how', ORIGINS, 'unknown') };
}

/** Left out: the first card, and the addresses that it has. */
function controlFrom(value: unknown, links: readonly GuestLink[]): Control {
  const control = objectAt(value ?? {}, 'control');
  const mac = text(control, 'mac')?.toLowerCase() ?? links.find(({ kind, mac: own }) => kind === 'ethernet' && own !== null)?.permanentMac;
  if (mac === undefined || mac === null) return wrong('control.mac', 'the MAC address of the default interface');
  const present = links.find((link) => link.permanentMac === mac)?.addresses.filter(({ scope }) => scope === 'global').map(({ address }) => address) ?? [];
  const network = control['network'] ?? null;
  return { mac, addresses: control['addresses'] === undefined ? present : texts(control, 'addresses'), network: network === null ? null : networkFrom(network, 'control.network') };
}

function networkFrom(value: unknown, where: string): CardNetwork {
  const network = objectAt(value, where);
  const gateways = texts(network, 'gateways');
  return {
    kind: oneOf(network, 'kind', ['user', 'bridge'], 'bridge'), subnets: texts(network, 'subnets'), gateways, dns: texts(network, 'dns'),
    hostAddresses: network['hostAddresses'] === undefined ? gateways : texts(network, 'hostAddresses'),
    taken: list(network, 'taken').map((each, at) => {
      const other = objectAt(each, `${where}.taken[${at}]`);
      return { address: text(other, 'address') ?? wrong(`${where}.taken[${at}].address`, 'an address'), by: text(other, 'by') ?? 'another machine' };
    }),
    dhcp4: bool(network, 'dhcp4', true), dhcp6: bool(network, 'dhcp6', false), ra: bool(network, 'ra', false), gives: texts(network, 'gives'),
  };
}

function wrong(where: string, what: string): never {
  throw fail('bad-argument', `${where} is not ${what}`, { hint: 'see docs/netplan.md for the form of the facts' });
}

function objectAt(value: unknown, where: string): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : wrong(where, 'an object');
}

function list(from: Json, key: string): readonly unknown[] {
  const value = from[key] ?? [];
  return Array.isArray(value) ? value : wrong(key, 'a list');
}

function texts(from: Json, key: string): string[] {
  return list(from, key).map((each, at) => (typeof each === 'string' ? each : wrong(`${key}[${at}]`, 'a text')));
}

function text(from: Json, key: string): string | null {
  const value = from[key] ?? null;
  return value === null || typeof value === 'string' ? value : wrong(key, 'a text');
}

function number(from: Json, key: string): number | null {
  const value = from[key] ?? null;
  return value === null || (typeof value === 'number' && Number.isFinite(value)) ? value : wrong(key, 'a number');
}

function bool(from: Json, key: string, otherwise: boolean): boolean {
  const value = from[key] ?? otherwise;
  return typeof value === 'boolean' ? value : wrong(key, 'true or false');
}

function oneOf<const T extends string>(from: Json, key: string, known: readonly T[], otherwise: T): T {
  const value = from[key] ?? otherwise;
  return known.find((each) => each === value) ?? wrong(key, `one of: ${known.join(', ')}`);
}
