import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { announcesIpv6, dnsmasqConfig, hostNames, reservations, withoutStaleLeases } from './dnsmasq-config.ts';
import { homeNetwork, type ZoneNetwork } from './home-network.ts';
import { shapeOf } from './ruleset-shape.ts';
import { ruleset, rulesetRemoval } from './ruleset.ts';

const [KEY, SUBNETS] = ['1a2b3c4d5e6f708192a3b4c5d6e7f809', { zone1: '10.107.31.0/24', zone2: '10.107.32.0/24' }] as const;
const [network, without6] = [homeNetwork(KEY, SUBNETS, true), homeNetwork(KEY, SUBNETS, false)];
const [first, first6less] = [network, without6].map(({ zones: [zone] }) => {
  if (zone === undefined) throw new TypeError('it has zones');
  return zone;
}) as [ZoneNetwork, ZoneNetwork];
const files = { config: '/h/network/dnsmasq.conf', pid: '/h/network/dnsmasq.pid', leases: '/h/network/leases', reservations: '/h/network/reservations', names: '/h/network/names' };
const cards = [
  { tap: 'h1a2b-00c0ffee0', mac: '52:54:00:12:34:56', address: '10.107.31.2', name: 'apollo' },
  { tap: 'h1a2b-00c0ffee3', mac: '52:54:00:ab:cd:ef', address: '10.107.31.3', name: null },
  { tap: 'h1a2b-0badcafe0', mac: '52:54:00:ba:dc:af', address: '10.107.32.2', name: 'hermes' },
];
const golden = (name: string) => readFileSync(new URL(`golden/${name}.txt`, import.meta.url), 'utf8');

test('dnsmasq is told what was reviewed', () => {
  expect(dnsmasqConfig(first, files, 'dnsmasq')).toBe(golden('dnsmasq'));
});

test('it is never told to run a program, nor to read what others wrote', () => {
  expect(dnsmasqConfig(first, files, 'dnsmasq')).not.toMatch(/script|conf-dir|lua|servers-file|conf-file/);
});

test('the rules are those that were reviewed', () => {
  expect(ruleset(network, cards)).toBe(golden('ruleset'));
});

test('two cards that were given one address are in the sets as the kernel counts them', () => {
  const [one, two] = [{ tap: 'h1a2b-00c0ffee0', mac: '52:54:00:12:34:56', address: '10.107.31.2' }, { tap: 'h1a2b-0badcafe0', mac: '52:54:00:12:34:56', address: '10.107.31.2' }];
  expect(shapeOf(ruleset(network, [one, two]))).toEqual(expect.arrayContaining(['cards 2', 'given4 3', 'given6 6']));
});

test('without IPv6 nothing speaks of it but the guard', () => {
  expect(ruleset(without6, cards)).not.toContain('fd');
  expect(ruleset(without6, cards)).toContain('nd-router-advert');
  expect(dnsmasqConfig(first6less, files, 'nobody')).not.toMatch(/enable-ra|::/);
  expect([first, first6less].map((each) => announcesIpv6(dnsmasqConfig(each, files, 'nobody')))).toEqual([true, false]);
});

test('the removal is the same whether the tables are there or not', () => {
  expect(rulesetRemoval(network)).toBe('table inet holdfast_1a2b3c4d\ndelete table inet holdfast_1a2b3c4d\ntable bridge holdfast_1a2b3c4d\ndelete table bridge holdfast_1a2b3c4d\n');
});

test('each card has its address, and the default card its name, for both families', () => {
  expect(reservations(cards)).toBe('52:54:00:12:34:56,10.107.31.2,infinite\n52:54:00:ab:cd:ef,10.107.31.3,infinite\n52:54:00:ba:dc:af,10.107.32.2,infinite\n');
  expect(hostNames(network, cards)).toBe('10.107.31.2 apollo.holdfast apollo\nfd1a:2b3c:4d5e:6f70:5054:00ff:fe12:3456 apollo.holdfast apollo\n10.107.32.2 hermes.holdfast hermes\nfd1a:2b3c:4d5e:6f71:5054:00ff:feba:dcaf hermes.holdfast hermes\n');
});

test('a lease goes when its address or its card has passed to another, or when it would answer for a name that nobody has', () => {
  const line = (mac: string, address: string, name = '*') => `0 ${mac} ${address} ${name} 01:${mac}\n`;
  const mine = line('52:54:00:12:34:56', '10.107.31.2', 'apollo');
  const idle = line('52:54:00:00:00:97', '10.107.31.8');
  expect(withoutStaleLeases(`${mine}${idle}`, cards)).toBeUndefined();
  expect(withoutStaleLeases([
    mine, idle, line('52:54:00:00:00:99', '10.107.31.3'), 'duid 00:01\n', line('52:54:00:ba:dc:af', '10.107.31.9'), line('52:54:00:00:00:98', '10.107.31.7', 'gone'),
  ].join(''), cards)).toBe(`${mine}${idle}duid 00:01\n`);
});
