import { expect, test } from 'vitest';
import { chooseSubnet, eui64Address, freeAddress, hostAddress, hostAddress6, homeNetwork, networkOf, tapName, tapOwner } from './home-network.ts';
import { overlap, parseIpv4Network, showIpv4 } from './ipv4.ts';

const HASH = '1a2b3c4d5e6f708192a3b4c5d6e7f809';
const network = homeNetwork(HASH, { zone1: '10.107.31.0/24', zone3: '10.107.33.0/24' }, true);
const [first, third] = network.zones;

test('names follow from the hash, and no interface name has more than 15 characters', () => {
  expect(network).toEqual({
    table: 'holdfast_1a2b3c4d', tapPrefix: 'h1a2b-', foreignTapPrefix: 'g1a2b-',
    zones: [
      { zone: 'zone1', bridge: 'hf-1a2b3c4d', bridgeMac: '02:1a:2b:3c:4d:5e', subnet: '10.107.31.0/24', prefix6: 'fd1a:2b3c:4d5e:6f70::' },
      { zone: 'zone3', bridge: 'hf-1a2b3c4d-3', bridgeMac: '02:1a:2b:3c:4d:60', subnet: '10.107.33.0/24', prefix6: 'fd1a:2b3c:4d5e:6f72::' },
    ],
  });
  expect(first && [hostAddress(first), hostAddress6(first)]).toEqual(['10.107.31.1', 'fd1a:2b3c:4d5e:6f70::1']);
  expect(tapName(network.tapPrefix, '00c0ffee', 7)).toBe('h1a2b-00c0ffee7');
  expect('h1a2b-00c0ffee7').toHaveLength(15);
});

test('zones that would pass the last digit begin anew, and are no other zone\'s', () => {
  const { zones } = homeNetwork('ffffffffffffffff92a3', { zone1: '10.107.31.0/24', zone2: '10.107.32.0/24' }, true);
  expect(zones.map(({ bridgeMac, prefix6 }) => [bridgeMac, prefix6])).toEqual([['02:ff:ff:ff:ff:ff', 'fdff:ffff:ffff:ffff::'], ['02:ff:ff:ff:ff:00', 'fdff:ffff:ffff:0000::']]);
});

test('an address is of the zone whose subnet has it, or of none', () => {
  expect(['10.107.31.2', '10.107.33.254', '10.107.32.2', 'nonsense'].map((address) => networkOf(network, address))).toEqual([first, third, undefined, undefined]);
});

test.each([
  ['h1a2b-00c0ffee0', '00c0ffee'], ['g1a2b-00c0ffee7', '00c0ffee'], ['h1a2b-00c0ffee8', undefined], ['h9a2b-00c0ffee0', undefined], ['eth0', undefined],
])('the tap %s belongs to %s', (link, id) => {
  expect(tapOwner(network, link)).toBe(id);
});

test('a subnet that the host uses is passed over, whether as a whole or in part', () => {
  const first = chooseSubnet(HASH, []) ?? '';
  expect(first).toMatch(/^10\.1\d\d\.\d+\.0\/24$/);
  for (const used of [first, first.replace('.0/24', '.128/25'), first.replace('.0/24', '.7')]) {
    const next = chooseSubnet(HASH, ['default', used, 'fe80::/64']);
    expect(next).not.toBe(first);
    expect(next).toMatch(/^10\.1\d\d\.\d+\.0\/24$/);
  }
});

test('a route to all of one range leads to the next, and to all of them to none', () => {
  expect(chooseSubnet(HASH, ['10.0.0.0/8'])).toMatch(/^172\.2[4-7]\./);
  expect(chooseSubnet(HASH, ['10.0.0.0/8', '172.16.0.0/12'])).toMatch(/^192\.168\./);
  expect(chooseSubnet(HASH, ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'])).toBeUndefined();
  // The default route, written out, is no network.
  expect(chooseSubnet(HASH, ['0.0.0.0/0'])).toBeDefined();
});

test('addresses are given from .2 to .254, the lowest first', () => {
  const taken = new Set<string>();
  for (let address = freeAddress('10.107.31.0/24', taken); address !== undefined; address = freeAddress('10.107.31.0/24', taken)) taken.add(address);
  expect([taken.size, [...taken][0], [...taken].at(-1)]).toEqual([253, '10.107.31.2', '10.107.31.254']);
});

test('the address that a guest makes of prefix and MAC', () => {
  expect(eui64Address('fd1a:2b3c:4d5e:70::', '52:54:00:ab:cd:ef')).toBe('fd1a:2b3c:4d5e:0070:5054:00ff:feab:cdef');
});

test('networks are read, compared and shown', () => {
  expect(parseIpv4Network('10.1.2.3/24')).toEqual({ base: 0x0a010200, prefix: 24 });
  expect(['10.1.2.256', '10.1.2', '10.1.2.0/33', 'default'].map(parseIpv4Network)).toEqual([undefined, undefined, undefined, undefined]);
  expect(overlap({ base: 0x0a000000, prefix: 8 }, { base: 0x0a010200, prefix: 24 })).toBe(true);
  expect(overlap({ base: 0x0a010300, prefix: 24 }, { base: 0x0a010200, prefix: 24 })).toBe(false);
  expect(showIpv4(0xc0a80101)).toBe('192.168.1.1');
});
