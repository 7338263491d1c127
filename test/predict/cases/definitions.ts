/** Definitions: what somebody would write for the default card, for a further one, and for links that are made. */
import fc from 'fast-check';
import { hostIn, type Card, type GuestShape } from './guest-shape.ts';
import { finds, misses, type Found } from './match.ts';
import { address6, type Body, defaultRoute, dressed, either, freeAddress, harmless, metric, nameservers, no, PREFIXES, someRoute, sometimes, strangeAddress, weighted, yes } from './words.ts';

/** One entry of `ethernets`, `bridges`, … */
export interface Entry {
  readonly type: string;
  readonly id: string;
  readonly body: Body;
}

const DEFAULT_IDS = fc.constantFrom('default', 'default', 'default', 'lan', 'a-card', 'zz');
const EXTRA_IDS = fc.constantFrom('extra0', 'second', 'aaa', 'static-lan');

/** The default card, left or taken away. Begins with what changes nothing. */
export function forDefaultCard(guest: GuestShape): fc.Arbitrary<Entry[]> {
  const [card] = guest.cards;
  const found = finds(card, DEFAULT_IDS);
  const here = card.address4;
  const ethernet = (who: fc.Arbitrary<Found>, what: fc.Arbitrary<Body>): fc.Arbitrary<Entry[]> => fc.tuple(who, what, harmless(card)).map(([{ id, keys }, body, more]) => [{ type: 'ethernets', id, body: { ...keys, ...more, ...body } }]);
  const withRoutes = (addresses: fc.Arbitrary<unknown[]>, dhcp4: fc.Arbitrary<Body>): fc.Arbitrary<Body> => fc.tuple(addresses, dhcp4, routing(guest, card)).map(([addresses, dhcp, more]) => ({ ...dhcp, addresses, ...more }));
  const off = weighted<Body>([1, no.map((dhcp4) => ({ dhcp4 }))], [1, fc.constant({})]);
  const on = yes.map((dhcp4) => ({ dhcp4 }));
  const present = fc.constantFrom(24, 24, 24, 16, 28).map((prefix) => [`${here}/${prefix}`]);
  return weighted<Entry[]>(
    [12, ethernet(found, on)],
    [3, ethernet(found, fc.tuple(on, someRoute(guest, card)).map(([dhcp, route]) => ({ ...dhcp, routes: [route] })))],
    [4, ethernet(found, withRoutes(fc.oneof(freeAddress(card).map((address) => `${address}/24`), strangeAddress, address6).map((address) => [address]), on))],
    [7, ethernet(found, withRoutes(present, off))],
    [7, ethernet(found, withRoutes(fc.tuple(freeAddress(card), PREFIXES).map(([address, prefix]) => [`${address}/${prefix}`]), off))],
    [3, ethernet(found, withRoutes(strangeAddress.map((address) => [address]), off))],
    [1, ethernet(found, withRoutes(fc.constantFrom(`${here}/32`, `${here}/31`, `${here}/8`, `${hostIn(card.lan, 0)}/24`, `${hostIn(card.lan, 255)}/24`, `${card.lan.host4}/24`).map((address) => [address]), off))],
    [3, ethernet(found, off)],
    [2, ethernet(found, address6.map((address) => ({ dhcp4: false, dhcp6: true, addresses: [address] })))],
    [4, ethernet(misses(card, DEFAULT_IDS), on)],
    [3, ethernet(found, fc.tuple(on, fc.constantFrom('off', 'manual')).map(([dhcp, mode]) => ({ ...dhcp, 'activation-mode': mode })))],
    [2, ethernet(found, on.map((dhcp) => ({ ...dhcp, renderer: 'NetworkManager' })))],
    [1, fc.tuple(ethernet(found, on), ethernet(finds(card, fc.constantFrom('aa-second', 'zz-second')), off)).map(([first, second]) => [...first, ...second])],
    [1, ethernet(found, on.map((dhcp) => ({ ...dhcp, match: { macaddress: card.mac }, 'set-name': 'lan0' })))],
    [3, inVirtual(guest)],
    [1, fc.constant([])],
  );
}

function routing(guest: GuestShape, card: Card): fc.Arbitrary<Body> {
  const routes = weighted<unknown[]>([6, defaultRoute(card).map((route) => [route])], [2, fc.tuple(defaultRoute(card), someRoute(guest, card))], [1, someRoute(guest, card).map((route) => [route])]);
  return fc.tuple(
    weighted<Body>([6, routes.map((routes) => ({ routes }))], [2, fc.constant({ gateway4: card.lan.host4 })], [2, fc.constant({})], [1, fc.constant({ gateway6: 'fe80::1' })]),
    weighted<Body>([7, nameservers(card).map((nameservers) => ({ nameservers }))], [3, fc.constant({})]),
  ).map((parts) => parts.reduce<Body>((whole, part) => ({ ...whole, ...part }), {}));
}

/** The default card as a member, with the address on what it is a member of: as it is on many a server. */
function inVirtual(guest: GuestShape): fc.Arbitrary<Entry[]> {
  const [card] = guest.cards;
  const found = weighted<Found>([2, fc.constant({ id: card.name, keys: {} })], [1, fc.constant({ id: 'default', keys: { match: { macaddress: card.mac } } })]);
  const address = weighted<Body>(
    [3, yes.map((dhcp4) => ({ dhcp4 }))],
    [2, fc.tuple(fc.constant({ addresses: [`${card.address4}/24`] }), routing(guest, card)).map((parts) => Object.assign({}, ...parts) as Body)],
    [1, fc.constant({})],
  );
  const kind = fc.constantFrom(
    { type: 'bridges', id: 'br0', body: { parameters: { stp: false, 'forward-delay': 0 } } }, { type: 'bridges', id: 'br0', body: {} },
    { type: 'bonds', id: 'bond0', body: { parameters: { mode: 'active-backup' } } }, { type: 'bonds', id: 'bond0', body: {} },
  );
  return fc.tuple(found, address, kind, sometimes({ macaddress: [50, fc.constant(card.mac)], mtu: [5, fc.constant(1400)] }), sometimes({ dhcp4: [50, either] }))
    .map(([{ id, keys }, address, { type, id: master, body }, more, own]) => [
      { type: 'ethernets', id, body: { ...keys, ...own } }, { type, id: master, body: { interfaces: [id], ...body, ...more, ...address } },
    ]);
}

/** A further card. */
export function forExtraCard(guest: GuestShape, card: Card): fc.Arbitrary<Entry[]> {
  const [{ lan, address4, mac }] = guest.cards;
  const found = weighted<Found>([8, finds(card, EXTRA_IDS)], [1, misses(card, EXTRA_IDS)]);
  const own = fc.tuple(freeAddress(card), PREFIXES).map(([address, prefix]) => `${address}/${prefix}`);
  const addresses = weighted<unknown[]>(
    [8, dressed(own).map((address) => [address])], [2, fc.tuple(own, address6)], [1, strangeAddress.map((address) => [address])],
    // The default card's own, its network's half that the host is in, and its whole.
    [1, fc.constantFrom(`${address4}/24`, `${hostIn(lan, 77)}/25`, `${hostIn(lan, 77)}/24`, `${hostIn(lan, 77)}/28`, `${hostIn(lan, 3)}/30`).map((address) => [address])],
  );
  const routes = weighted<Body>(
    [4, fc.constant({})], [2, fc.tuple(defaultRoute(card)).map((routes) => ({ routes }))], [2, fc.tuple(someRoute(guest, card)).map((routes) => ({ routes }))],
    [1, fc.constant({ gateway4: card.lan.host4 })],
  );
  const body = weighted<Body>(
    [4, fc.tuple(yes, metric, sometimes({ optional: [60, yes] })).map(([dhcp4, metric, more]) => ({ dhcp4, 'dhcp4-overrides': { 'route-metric': metric }, ...more }))],
    [1, yes.map((dhcp4) => ({ dhcp4 }))],
    [7, fc.tuple(addresses, routes, weighted<Body>([1, fc.constant({})], [1, no.map((dhcp4) => ({ dhcp4 }))])).map(([addresses, routes, dhcp]) => ({ ...dhcp, addresses, ...routes }))],
    [1, fc.constant({ match: { macaddress: mac }, dhcp4: false })],
    [1, fc.tuple(addresses, fc.constantFrom('manual', 'off')).map(([addresses, mode]) => ({ addresses, 'activation-mode': mode }))],
    [1, fc.constantFrom({}, { dhcp4: false, 'link-local': [] })],
    [1, fc.tuple(addresses, policies(guest, card)).map(([addresses, policy]) => ({ addresses, ...policy }))],
  );
  return fc.tuple(found, harmless(card), body).map(([{ id, keys }, more, body]) => [{ type: 'ethernets', id, body: { ...keys, ...more, ...body } }]);
}

function policies({ cards: [first] }: GuestShape, card: Card): fc.Arbitrary<Body> {
  return fc.tuple(fc.constantFrom(100, 77), weighted([3, fc.constant(card.lan.subnet4)], [1, fc.constantFrom(first.lan.subnet4, first.address4, '0.0.0.0/0')]), sometimes({ priority: [50, fc.constantFrom(10, 1000)] }))
    .map(([table, from, more]) => ({ routes: [{ to: 'default', via: card.lan.host4, table }], 'routing-policy': [{ from, table, ...more }] }));
}

/** What is made besides: over the default card, over a further one, or of nothing. */
export function virtualLinks(guest: GuestShape): fc.Arbitrary<Entry[]> {
  const [first, second = first] = guest.cards;
  const card = (from: Card): Entry => ({ type: 'ethernets', id: from.name, body: from === first ? { dhcp4: true } : {} });
  const addressed = fc.constantFrom<Body>({ addresses: ['192.168.55.1/24'] }, {}, { dhcp4: true, optional: true }, { addresses: ['10.213.77.90/24'], mtu: 1300 });
  return fc.tuple(fc.constantFrom(first, second, second), addressed, fc.constantFrom(7, 4000, 0)).chain(([from, body, number]) => weighted<Entry[]>(
    [4, fc.constantFrom('vlan7', `${from.name}.7`).map((id) => [card(from), { type: 'vlans', id, body: { id: number, link: from.name, ...body } }])],
    [3, fc.constantFrom<Body>({}, { parameters: { stp: false } }).map((more) => [{ type: 'bridges', id: 'br7', body: { ...body, ...more } }])],
    [1, fc.constant([{ type: 'vrfs', id: 'vrf7', body: { table: 777, interfaces: [], routes: [{ to: 'default', via: from.lan.host4 }] } }])],
    [1, fc.constantFrom('gre', 'ipip', 'sit').map((mode) => [{ type: 'tunnels', id: 'tun7', body: { mode, local: from.address4, remote: '198.51.100.9', ...body } }])],
    [1, fc.constant([{ type: 'tunnels', id: 'vx7', body: { mode: 'vxlan', id: 7, link: from.name, ...body } }, card(from)])],
    [1, fc.constantFrom<[string, Body]>(['dummy-devices', {}], ['virtual-ethernets', { peer: 'veth8' }]).map(([type, more]) => [{ type, id: 'veth7', body: { ...body, ...more } }])],
    [1, fc.constant([card(from), { type: 'bonds', id: 'bond7', body: { interfaces: [from.name], parameters: { mode: '802.3ad' } } }])],
    [1, fc.constant([{ type: 'wifis', id: 'wlan0', body: { 'access-points': { home: { password: 'correct horse' } }, dhcp4: true } }])],
  ));
}
