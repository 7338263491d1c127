import { expect, test } from 'vitest';
import { apartIn, bridgeProfile, portProfile, readProfile } from './nm-profiles.ts';
import { pictureRoute, type Picture } from './picture.ts';

const SAID = `connection.id:Wired connection 1
connection.zone:home
ipv4.method:auto
ipv4.dns:9.9.9.9,8.8.8.8
ipv4.addresses:198.18.5.7/24
ipv4.routes:10.77.0.0/16 198.18.1.1 50
ipv4.route-metric:-1
ipv6.method:auto
ipv6.token:::5
`;
const route = pictureRoute({ dst: 'default', gateway: '198.18.1.1', protocol: 'dhcp', metric: 100, flags: [] }, 4);
const HAD: Picture = { mac: '52:54:00:00:00:01', mtu: 1500, up: true, addressMode: 'none', addresses: [], routes: typeof route === 'object' ? [route] : [] };
const PAIR = { ethernet: 'eth0', bridge: 'br-eth0' };

test('the bridge\'s profile says what the ethernet\'s said, with the metric that its routes had', () => {
  expect(bridgeProfile(PAIR, HAD, readProfile(SAID))).toEqual([
    'type', 'bridge', 'con-name', 'holdfast-br-eth0', 'ifname', 'br-eth0', 'connection.autoconnect', 'no', 'bridge.stp', 'no', 'bridge.mac-address', '52:54:00:00:00:01',
    'connection.zone', 'home', 'ipv4.method', 'auto', 'ipv4.dns', '9.9.9.9,8.8.8.8', 'ipv4.addresses', '198.18.5.7/24', 'ipv4.routes', '10.77.0.0/16 198.18.1.1 50', 'ipv6.method', 'auto', 'ipv6.token', '::5',
    'ipv4.route-metric', '100',
  ]);
  expect(portProfile(PAIR).join(' ')).toBe('type ethernet con-name holdfast-br-eth0-port ifname eth0 connection.autoconnect no connection.master br-eth0 connection.slave-type bridge');
});

test('what a bridge cannot have is named', () => {
  expect(apartIn(readProfile(SAID))).toBeUndefined();
  expect(apartIn(readProfile(`${SAID}802-1x.eap:tls\n`))).toContain('802.1X');
  expect(apartIn(readProfile(`${SAID}connection.master:bond0\n`))).toContain('another device');
});
