import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backLines, bridgeNameFor, isPlainName, makeLines, routeLines, switchLines } from './moves.ts';
import { gatewaysOf, lost, pictureAddress, pictureRoute, type Picture, type PicturedRoute } from './picture.ts';

const FOREVER = { valid_life_time: 4_294_967_295, preferred_life_time: 4_294_967_295 };
const route = (json: Record<string, unknown>, family: 4 | 6 = 4): PicturedRoute => {
  const found = pictureRoute(json, family);
  if (typeof found !== 'object') throw new Error(String(found));
  return found;
};
const HAD: Picture = {
  mac: '52:54:00:00:00:01', mtu: 1500, up: true, addressMode: 'eui64',
  addresses: [
    pictureAddress({ family: 'inet', local: '198.18.1.2', prefixlen: 24, broadcast: '198.18.1.255', scope: 'global', label: 'eth0', ...FOREVER }, 'eth0'),
    pictureAddress({ family: 'inet', local: '198.18.1.3', prefixlen: 24, scope: 'global', secondary: true, label: 'eth0:1', ...FOREVER }, 'eth0'),
    pictureAddress({ family: 'inet6', local: '2001:db8::2', prefixlen: 64, scope: 'global', mngtmpaddr: true, valid_life_time: 86_400, preferred_life_time: 14_400 }, 'eth0'),
  ],
  routes: [
    route({ type: 'unicast', dst: 'default', gateway: '198.18.1.1', table: 'main', protocol: 'dhcp', scope: 'global', prefsrc: '198.18.1.2', metric: 100, flags: ['onlink'], metrics: [{ mtu: 1400 }] }),
    route({ type: 'unicast', dst: '198.18.1.0/24', table: 'main', protocol: 'kernel', scope: 'link', prefsrc: '198.18.1.2', flags: [] }),
    route({ type: 'unicast', dst: 'default', gateway: 'fe80::1', table: 'main', protocol: 'ra', scope: 'global', metric: 1024, flags: [], expires: 1797, pref: 'high' }, 6),
  ],
};
const PAIR = { ethernet: 'eth0', bridge: 'br-eth0' };

test('what a link has is given to another one in the same words, and back with its label', () => {
  expect([...makeLines(PAIR, HAD, 'holdfast-0a1b2c3d'), ...switchLines(PAIR, HAD), ...routeLines(PAIR, HAD)]).toEqual([
    'link add name br-eth0 address 52:54:00:00:00:01 mtu 1500 type bridge stp_state 0 forward_delay 0',
    'link set dev br-eth0 alias holdfast-0a1b2c3d',
    'link set dev br-eth0 addrgenmode eui64',
    'link set dev br-eth0 up',
    'link set dev eth0 master br-eth0',
    'link set dev eth0 addrgenmode none',
    'address del 2001:db8::2/64 dev eth0',
    'address del 198.18.1.3/24 dev eth0',
    'address del 198.18.1.2/24 dev eth0',
    'address replace 198.18.1.2/24 broadcast 198.18.1.255 scope global dev br-eth0',
    'address replace 198.18.1.3/24 scope global dev br-eth0',
    'address replace 2001:db8::2/64 mngtmpaddr nodad dev br-eth0 valid_lft 86400 preferred_lft 14400',
    'route del 0.0.0.0/0 via 198.18.1.1 src 198.18.1.2 proto dhcp scope global metric 100 table main onlink mtu 1400 dev eth0',
    'route del ::/0 via fe80::1 proto ra metric 1024 table main pref high dev eth0',
    'route append 0.0.0.0/0 via 198.18.1.1 src 198.18.1.2 proto dhcp scope global metric 100 table main onlink mtu 1400 dev br-eth0',
    'route append ::/0 via fe80::1 proto ra metric 1024 table main pref high dev br-eth0 expires 1797',
  ]);
  expect(backLines(PAIR, HAD, true)).toEqual([
    'link set dev eth0 nomaster',
    'link delete dev br-eth0',
    'link set dev eth0 addrgenmode eui64',
    'address replace 198.18.1.2/24 broadcast 198.18.1.255 scope global dev eth0',
    'address replace 198.18.1.3/24 scope global dev eth0 label eth0:1',
    'address replace 2001:db8::2/64 mngtmpaddr nodad dev eth0 valid_lft 86400 preferred_lft 14400',
    'route append 0.0.0.0/0 via 198.18.1.1 src 198.18.1.2 proto dhcp scope global metric 100 table main onlink mtu 1400 dev eth0',
    'route append ::/0 via fe80::1 proto ra metric 1024 table main pref high dev eth0 expires 1797',
  ]);
});

test('a link that was down is so again', () => {
  expect(switchLines(PAIR, { ...HAD, up: false })).toContain('link set dev eth0 up');
  expect(backLines(PAIR, { ...HAD, up: false }, true)).toContain('link set dev eth0 down');
});

test('what cannot be carried over is named', () => {
  expect(pictureRoute({ dst: '10.0.0.0/8', encap: 'mpls', table: 'main' }, 4)).toBe('its route to 10.0.0.0/8 has encap');
  expect(pictureRoute({ dst: '10.0.0.0/8', metrics: [{ cc_algo: 'bbr' }] }, 4)).toBe('its route to 10.0.0.0/8 has cc_algo');
  expect(pictureRoute({ type: 'local', dst: '198.18.1.2', table: 'local' }, 4)).toBeUndefined();
});

test('what was lost is said, routes of the kernel\'s own aside', () => {
  expect(lost(HAD, HAD)).toEqual([]);
  expect(lost(HAD, { ...HAD, addresses: HAD.addresses.slice(1), routes: [] })).toEqual(['198.18.1.2/24', 'the route to 0.0.0.0/0 by 198.18.1.1', 'the route to ::/0 by fe80::1']);
  expect(gatewaysOf(HAD)).toEqual(['198.18.1.1', 'fe80::1']);
});

test('a bridge has a name that the kernel takes, whatever its ethernet is called', () => {
  expect([bridgeNameFor('eth0'), bridgeNameFor('enx0011223344aa')]).toEqual(['br-eth0', 'br-0011223344aa']);
  fc.assert(fc.property(fc.string({ minLength: 1, maxLength: 15 }).filter(isPlainName), (name) => {
    expect(bridgeNameFor(name).length).toBeLessThanOrEqual(15);
    expect(bridgeNameFor(name)).not.toBe(name);
  }));
  expect(['eth0 master x', 'eth0\n', '-eth0', '"', ''].filter(isPlainName)).toEqual([]);
});
