import { expect, test } from 'vitest';
import { parseNetworkOption } from './network-option.ts';

test.each([
  ['eth0', { name: 'eth0', mode: 'auto' }],
  ['name=br0', { name: 'br0', mode: 'auto' }],
  ['mode=manual,name=br0,mac=52:54:00:AB:cd:ef', { name: 'br0', mode: 'manual', mac: '52:54:00:ab:cd:ef' }],
])('%s is understood', (text, wish) => {
  expect(parseNetworkOption(text)).toEqual(wish);
});

test.each([
  ['name=br0,speed=fast', 'Bad network field: speed'], ['name=br0,auto', 'Bad network field: auto'],
  ['name=br0,mode=dhcp', 'Bad network mode \'dhcp\', need \'auto\' or \'manual\''],
  ['mode=auto', 'Bad network definition, need at least a \'name\' field'],
  ['name=br0,mac=52:54:00:12:34', 'Invalid MAC address: 52:54:00:12:34'], ['name=br0,mac=53:54:00:12:34:56', 'Invalid MAC address: 53:54:00:12:34:56'],
])('%s is refused in Multipass\'s words', (text, message) => {
  expect(() => parseNetworkOption(text)).toThrow(message);
});

test('with an ip the card is static from birth', () => {
  expect(parseNetworkOption('name=lan,ip=192.168.68.20/24,gateway=192.168.68.1,dns=192.168.68.1,dns=fd00::1')).toEqual({
    name: 'lan', mode: 'auto', fixed: { address: '192.168.68.20/24', gateway: '192.168.68.1', dns: ['192.168.68.1', 'fd00::1'] },
  });
  expect(parseNetworkOption('name=lan,ip=FD00::0020/64').fixed).toEqual({ address: 'fd00::20/64', gateway: null, dns: [] });
});

test.each([
  ['ip=192.168.68.20', 'is no address with its prefix'], ['ip=192.168.68.20/33', 'is no address with its prefix'], ['ip=apollo/24', 'is no address with its prefix'],
  ['ip=192.168.68.0/24', 'is the address of the network itself'], ['ip=192.168.68.255/24', 'is the broadcast address'],
  ['ip=192.168.68.20/24,gateway=192.168.69.1', 'is not in the network of'], ['ip=192.168.68.20/24,gateway=fd00::1', 'is no IPv4 address of a gateway'],
  ['ip=192.168.68.20/24,gateway=192.168.68.20', 'cannot be the address and its gateway'], ['ip=192.168.68.20/24,dns=nowhere', 'is no address of a name server'],
  ['gateway=192.168.68.1', 'gateway belongs to an \'ip\''], ['dns=192.168.68.1', 'dns belongs to an \'ip\''], ['ip=192.168.68.20/24,mode=manual', 'mode=manual leaves the card to you'],
])('name=lan,%s is refused', (text, message) => {
  expect(() => parseNetworkOption(`name=lan,${text}`)).toThrow(message);
});
