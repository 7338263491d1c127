/** A guest with two cards on one bridge, as tests of this library have it. */
import type { CardNetwork, GuestFacts } from './facts.ts';

const lan: CardNetwork = {
  kind: 'bridge', subnets: ['192.168.68.0/24', 'fd00:68::/64'], gateways: ['192.168.68.1'], dns: ['192.168.68.1'], hostAddresses: ['192.168.68.1'],
  taken: [{ address: '192.168.68.40', by: 'gemini' }], dhcp4: true, dhcp6: false, ra: true, gives: ['192.168.68.32'],
};

export const facts: GuestFacts = {
  links: [
    { name: 'lo', mac: '00:00:00:00:00:00', permanentMac: null, driver: null, kind: 'loopback', up: true, carrier: true, mtu: 65_536, dns: [], addresses: [{ address: '127.0.0.1', prefix: 8, family: 4, scope: 'host', how: 'unknown', validForS: null }] },
    {
      name: 'enp1s0', mac: '52:54:00:e7:46:6b', permanentMac: '52:54:00:e7:46:6b', driver: 'virtio_net', kind: 'ethernet', up: true, carrier: true, mtu: 1500, dns: ['192.168.68.1'],
      addresses: [
        { address: '192.168.68.32', prefix: 24, family: 4, scope: 'global', how: 'dhcp', validForS: 3000 },
        { address: 'fd00:68::5054:ff:fee7:466b', prefix: 64, family: 6, scope: 'global', how: 'ra', validForS: 86_400 },
      ],
    },
    { name: 'enp2s0', mac: '52:54:00:8d:f9:c3', permanentMac: '52:54:00:8d:f9:c3', driver: 'virtio_net', kind: 'ethernet', up: true, carrier: true, mtu: 1500, dns: [], addresses: [] },
  ],
  routes: [{ family: 4, to: 'default', via: '192.168.68.1', link: 'enp1s0', metric: 100, how: 'dhcp' }],
  netplanVersion: '0.106', systemdVersion: '252', renderers: { networkd: true, networkManager: false },
  control: { mac: '52:54:00:e7:46:6b', addresses: ['192.168.68.32', 'fd00:68::5054:ff:fee7:466b'], network: lan },
  otherNetworks: { '52:54:00:8d:f9:c3': lan }, hostSubnets: ['10.96.0.0/16'], foreignNetworkFiles: [],
};
