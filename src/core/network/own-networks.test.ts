import { expect, test } from 'vitest';
import { closedRules, hostOn, isClosedBridge, planNetwork } from './own-networks.ts';

const KEY = '0123456789abcdef0123456789abcdef';
const plan = (name: string, subnet?: string, existing: Parameters<typeof planNetwork>[3] = []) => planNetwork(name, subnet, KEY, existing, ['lo', 'eth0', 'br0'], ['192.168.1.0/24', '127.0.0.0/8', 'default']);

test('a network has a bridge whose name is the home\'s and fits the kernel, and the host its first address', () => {
  const lan = plan('lan', '192.168.68.0/24');
  expect(lan).toEqual({ name: 'lan', bridge: 'hn-01234567-0', table: 'holdfast_01234567_0', subnet: '192.168.68.0/24' });
  expect(hostOn(lan)).toBe('192.168.68.1/24');
  const second = plan('dmz', undefined, [lan]);
  expect(second).toMatchObject({ bridge: 'hn-01234567-1', subnet: null });
  expect(hostOn(second)).toBeNull();
  expect(plan('x', undefined, Array.from({ length: 31 }, (_, index) => ({ ...lan, name: `n${index}`, bridge: `hn-01234567-${index}` }))).bridge.length).toBeLessThanOrEqual(15);
  expect([lan.bridge, second.bridge, 'hn-89abcdef-31', 'hf-01234567', 'br0'].map(isClosedBridge)).toEqual([true, true, true, false, false]);
  expect(closedRules(lan)).toContain('iifname != "hn-01234567-0" accept');
});

test.each([
  ['holdfast', undefined, 'stands for another one'], ['br0', undefined, 'a network interface that is called br0'], ['lan', '192.168.1.0/24', 'the host uses 192.168.1.0/24 already'],
  ['lan', '192.168.0.0/16', 'the host uses 192.168.1.0/24 already'], ['lan', '8.8.8.0/24', 'is no private network'], ['lan', '10.0.0.0/8', 'is no subnet for a network'], ['lan', '192.168.68.20', 'is no subnet'], ['lan', 'fd00::/64', 'is no subnet'],
])('%s with %s is refused', (name, subnet, message) => {
  expect(() => plan(name, subnet)).toThrow(message);
});

test('a name and a subnet are given once', () => {
  const lan = plan('lan', '192.168.68.0/24');
  expect(() => plan('lan', undefined, [lan])).toThrow('there is a network lan already');
  expect(() => plan('dmz', '192.168.68.128/25', [lan])).toThrow('the host uses 192.168.68.0/24 already');
});
