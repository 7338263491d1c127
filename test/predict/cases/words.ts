/** The small parts that definitions are put together from: how people write a truth, an address, a route. */
import fc from 'fast-check';
import { hostIn, type Card, type GuestShape } from './guest-shape.ts';

/** A definition's keys, as they will stand in the file. */
export type Body = Readonly<Record<string, unknown>>;

/** The first is the plainest: cases shrink towards it. */
export function weighted<T>(...choices: readonly (readonly [weight: number, arbitrary: fc.Arbitrary<T>])[]): fc.Arbitrary<T> {
  return fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

/** Each key with the given chance in a hundred. */
export function sometimes(model: Readonly<Record<string, readonly [percent: number, arbitrary: fc.Arbitrary<unknown>]>>): fc.Arbitrary<Body> {
  const keys = Object.entries(model).map(([key, [percent, arbitrary]]) => weighted<Body>([100 - percent, fc.constant({})], [percent, arbitrary.map((value) => ({ [key]: value }))]));
  return fc.tuple(...keys).map((parts) => Object.assign({}, ...parts) as Body);
}

export const yes: fc.Arbitrary<unknown> = weighted<unknown>([6, fc.constant(true)], [2, fc.constant('yes')], [1, fc.constant('on')], [1, fc.constantFrom('True', 'TRUE', 'Yes', 'y')]);
export const no: fc.Arbitrary<unknown> = weighted<unknown>([6, fc.constant(false)], [2, fc.constant('no')], [1, fc.constantFrom('off', 'False', 'n')]);
export const either = fc.oneof(yes, no);

/** An address on the card's network that nobody has. */
export function freeAddress({ lan }: Card): fc.Arbitrary<string> {
  return fc.integer({ min: 100, max: 200 }).map((host) => hostIn(lan, host));
}

export const PREFIXES = fc.constantFrom(24, 24, 24, 24, 24, 16, 25, 32, 28, 8);

/** Out of another network than any of the guest's. */
export const strangeAddress = fc.constantFrom('192.168.68.20/24', '172.30.9.44/24', '10.0.0.5/8', '192.0.2.7/32', '169.254.7.7/16', '10.130.0.9/16');

export const address6 = fc.constantFrom('fd00:aa::20/64', 'fd00:aa::20/128', '2001:db8::5/64', 'fe80::77/64', 'FD00:AA:0:0::21/64');

/** An address with what may be said of one. */
export function dressed(address: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  return weighted<unknown>(
    [9, address],
    [1, fc.tuple(address, sometimes({ lifetime: [60, fc.constantFrom(0, 'forever')], label: [40, fc.constantFrom('mine', 'enp1s0:1')] }))
      .map(([text, options]) => (Object.keys(options).length === 0 ? text : { [text]: options }))],
  );
}

export const metric = fc.constantFrom(0, 1, 50, 100, 150, 200, 500, 4096);

export function defaultRoute(card: Card): fc.Arbitrary<Body> {
  return fc.tuple(
    fc.constantFrom('default', '0.0.0.0/0'),
    weighted([8, fc.constant(card.lan.host4)], [1, fc.constantFrom('192.168.99.1', '10.213.77.1', '10.130.237.1')], [1, freeAddress(card)]),
    sometimes({ metric: [40, metric], 'on-link': [10, either] }),
  ).map(([to, via, more]) => ({ to, via, ...more }));
}

export function someRoute(guest: GuestShape, card: Card): fc.Arbitrary<Body> {
  const { host4, subnet4 } = guest.cards[0].lan;
  const more = sometimes({ metric: [30, metric], 'on-link': [15, either], table: [8, fc.constantFrom(100, 254, 77)], mtu: [5, fc.constant(1400)], from: [8, fc.constant(card.address4)] });
  const to = weighted([6, fc.constantFrom('192.168.0.0/16', '198.51.100.0/24', '198.51.100.7', '172.16.0.0/12')], [1, fc.constantFrom(`${host4}/32`, subnet4, host4)], [1, fc.constant('0.0.0.0/1')]);
  return weighted<Body>(
    [6, fc.tuple(to, fc.constantFrom(card.lan.host4, card.lan.host4, card.lan.host4, '192.168.99.1'), more).map(([to, via, more]) => ({ to, via, ...more }))],
    [1, fc.tuple(to, fc.constantFrom('blackhole', 'unreachable', 'prohibit', 'throw')).map(([to, type]) => ({ to, type }))],
    [1, to.map((to) => ({ to, scope: 'link' }))],
    [1, fc.tuple(fc.constantFrom('default', '::/0', 'fd00:bb::/64'), fc.constantFrom('fe80::1', 'fd00:aa::1', `${card.lan.prefix6 ?? 'fd00:aa::'}1`), more).map(([to, via, more]) => ({ ...more, from: undefined, to, via }))],
  ).map((route) => Object.fromEntries(Object.entries(route).filter(([, value]) => value !== undefined)));
}

export function nameservers({ lan }: Card): fc.Arbitrary<Body> {
  return weighted<Body>(
    [5, fc.constant({ addresses: [lan.host4] })],
    [2, fc.constantFrom({ addresses: ['1.1.1.1', '9.9.9.9'] }, { addresses: ['2606:4700:4700::1111'] }, { addresses: [] })],
    [2, fc.constant({ addresses: [lan.host4], search: ['holdfast', 'example.org'] })],
    [1, fc.constant({ search: ['example.org'] })],
  );
}

/** What takes no address and no route away. */
export function harmless(card: Card): fc.Arbitrary<Body> {
  return sometimes({
    optional: [15, either], critical: [6, either], 'dhcp-identifier': [20, fc.constantFrom('mac', 'mac', 'duid')], nameservers: [15, nameservers(card)],
    mtu: [10, fc.constantFrom(1500, 1400, 1280, 1450)], wakeonlan: [4, either], 'emit-lldp': [3, either], 'ipv6-privacy': [4, either],
    'optional-addresses': [3, fc.constantFrom(['ipv4-ll'], ['dhcp4', 'ipv6-ra'])], 'ignore-carrier': [4, either], 'accept-ra': [8, either], dhcp6: [8, either],
    'link-local': [6, fc.constantFrom([], ['ipv6'], ['ipv4'], ['ipv4', 'ipv6'])], 'dhcp4-overrides': [12, overrides4], 'dhcp6-overrides': [3, overrides4],
    'ipv6-mtu': [2, fc.constant(1300)], 'ipv6-address-generation': [3, fc.constantFrom('eui64', 'stable-privacy')], macaddress: [2, fc.constantFrom(card.mac, '52:54:00:99:88:77')],
    'ra-overrides': [2, fc.constantFrom({ 'use-dns': false }, { 'use-domains': true }, { table: 100 })], 'receive-checksum-offload': [2, either],
  });
}

const overrides4: fc.Arbitrary<Body> = sometimes({
  'route-metric': [40, metric], 'use-dns': [20, either], 'use-routes': [20, either], 'use-mtu': [10, either], 'use-ntp': [8, either],
  'send-hostname': [10, either], 'use-hostname': [6, either], 'use-domains': [8, fc.constantFrom(true, false, 'route')], hostname: [5, fc.constant('apollo')],
});
