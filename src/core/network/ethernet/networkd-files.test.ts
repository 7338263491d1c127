import { expect, test } from 'vitest';
import { networkdFiles, stacked } from './networkd-files.ts';

const FILE = '[Match]\nName=eth0\n\n[Link]\nMTUBytes=1400\n\n[Network]\nDHCP=ipv4\nAddress=198.18.5.7/24\n\n[Route]\nGateway=198.18.5.1\n';

test('the bridge is configured as its ethernet was, by the client id of its lease', () => {
  expect(networkdFiles({ ethernet: 'eth0', bridge: 'br-eth0' }, '52:54:00:00:00:01', [FILE, '[Network]\nDNS=198.18.5.1\n'], 'ffdae0e9a500020000ab11').map(({ name, text }) => `# ${name}\n${text}`).join('')).toBe(`# 00-holdfast-br-eth0.netdev
[NetDev]
Name=br-eth0
Kind=bridge
MACAddress=52:54:00:00:00:01

[Bridge]
STP=no
ForwardDelaySec=0
# 00-holdfast-br-eth0.network
[Match]
Name=br-eth0

[Network]
DHCP=ipv4
Address=198.18.5.7/24

[Route]
Gateway=198.18.5.1
[Network]
DNS=198.18.5.1

[DHCPv4]
IAID=3672172965

[DHCPv6]
IAID=3672172965
# 00-holdfast-br-eth0-port.network
[Match]
Name=eth0

[Network]
Bridge=br-eth0
LinkLocalAddressing=no
`);
  expect(networkdFiles({ ethernet: 'eth0', bridge: 'br-eth0' }, '52:54:00:00:00:01', [FILE], '01525400000001')[1]?.text).not.toContain('IAID');
});

test('what stands on the ethernet is named', () => {
  expect([stacked([FILE]), stacked([FILE, '[Network]\n VLAN = vlan7\n'])]).toEqual([undefined, 'VLAN']);
});
