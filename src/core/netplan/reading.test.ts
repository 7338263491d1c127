import { expect, test } from 'vitest';
import { edit } from './edit.ts';
import { predict } from './predict.ts';
import { facts } from './facts-for-tests.ts';

const one = (text: string) => predict([{ path: '/etc/netplan/50.yaml', text }], facts);
const card = (keys: string) => one(`network:\n  ethernets:\n    e1: {${keys}}\n`);

test.each([
  ['a tab', 'network:\n\tethernets: {}\n', 'yaml', 2, 1],
  ['no end of a mapping', 'network: {ethernets: {e1: {dhcp4: true}\n', 'yaml', 2, 1],
  ['an alias of nothing', 'network: {ethernets: {e1: *foo}}\n', 'yaml', 1, 27],
  ['a key that netplan has not', 'network:\n  ethernets:\n    e1:\n      dhcp: true\n', 'unknown-key', 4, 7],
  ['null for a definition', 'network:\n  ethernets:\n    e1:\n', 'wrong-type', 3, 8],
  ['1 for a truth value', 'network:\n  ethernets:\n    e1: {dhcp4: 1}\n', 'bad-value', 3, 17],
  ['a list that is none', 'network:\n  ethernets:\n    e1: {addresses: 10.0.0.1/24}\n', 'wrong-type', 3, 21],
  ['an address without prefix', 'network:\n  ethernets:\n    e1:\n      addresses:\n        - 10.0.0.1\n', 'bad-address', 5, 11],
  ['version 1', 'network: {version: 1}\n', 'bad-version', 1, 20],
  ['a key that is new in a later version', 'network:\n  dummy-devices: {}\n', 'unknown-key', 2, 3],
])('%s is refused at its place', (_, text, code, line, column) => {
  expect(one(text).refused).toMatchObject({ code, place: { file: '/etc/netplan/50.yaml', line, column } });
});

test.each([
  ['a route without destination', 'routes: [{via: 10.0.0.1}]', 'route-without-to'],
  ['families mixed', 'routes: [{to: 10.0.0.0/8, via: "fe80::1"}]', 'family-mismatch'],
  ['a default route without gateway', 'routes: [{to: default, scope: link}]', 'route-without-family'],
  ['overrides that differ', 'dhcp4: true, dhcp6: true, dhcp4-overrides: {use-routes: false}', 'overrides-differ'],
  ['a rename of what is not matched', 'set-name: lan0', 'set-name-without-match'],
  ['a merge key', '<<: {dhcp4: true}', 'unknown-key'],
])('%s is refused', (_, keys, code) => {
  expect(card(keys).refused?.code).toBe(code);
});

test('a bomb of aliases ends early', () => {
  const routes = Array.from({ length: 600 }, (_, at) => `{to: 10.${at >> 8}.${at & 255}.0/24, via: 10.0.0.1}`).join(', ');
  const definitions = Array.from({ length: 600 }, (_, at) => `    e${at}: *a\n`).join('');
  expect(one(`network:\n  ethernets:\n    x: &a {routes: [${routes}]}\n${definitions}`).refused?.code).toBe('too-large');
});

test('files of /run hide those of /etc by name, and the order is that of the names', () => {
  const { files, definitions } = predict([
    { path: '/lib/netplan/10-a.yaml', text: 'network: {ethernets: {e9: {}}}' },
    { path: '/etc/netplan/10-a.yaml', text: 'network: {ethernets: {e8: {}}}' },
    { path: '/run/netplan/10-a.yaml', text: 'network: {ethernets: {e1: {mtu: 1300, addresses: [10.0.0.1/24]}}}' },
    { path: '/etc/netplan/09-b.yaml', text: 'network: {ethernets: {e1: {mtu: 1200, link-local: [ipv4]}}}' },
    { path: '/lib/netplan/20-c.yaml', text: 'network: {ethernets: {e1: {addresses: [10.0.0.1/24, 10.0.0.2/24], link-local: []}}}' },
    { path: '/etc/netplan/.30-hidden.yaml', text: 'nonsense' },
  ], facts);
  expect(files).toEqual(['/etc/netplan/09-b.yaml', '/run/netplan/10-a.yaml', '/lib/netplan/20-c.yaml']);
  expect(definitions).toHaveLength(1);
  expect(definitions[0]).toMatchObject({ id: 'e1', mtu: 1300, linkLocal: [], addresses: [{ address: '10.0.0.1' }, { address: '10.0.0.2' }] });
});

test('of several definitions that match, the first by id has the link', () => {
  const { links } = one('network:\n  ethernets:\n    zeta: {match: {name: "enp1*"}, dhcp4: true}\n    alpha: {match: {driver: "virtio*"}, addresses: [10.0.0.1/24]}\n');
  expect(links.find(({ name }) => name === 'enp1s0')).toMatchObject({ definition: 'alpha', passedOver: ['zeta'], dhcp4: false });
});

test('a match without a condition matches nothing', () => {
  expect(one('network:\n  ethernets:\n    e: {match: {}, dhcp4: true}\n').links.find(({ name }) => name === 'enp1s0')?.managedBy).toBe('nobody');
});

test('an edit leaves comments, order and what it does not name as they were', () => {
  const text = `# mine
network:
  version: 2
  ethernets:
    lan: # the first card
      match: {macaddress: "52:54:00:e7:46:6b"}
      dhcp4: true # for now
      mtu: 1400
`;
  const edited = edit({ path: '/etc/netplan/50.yaml', text }, [{ type: 'ethernets', id: 'lan', set: { dhcp4: false, addresses: ['10.0.0.1/24'], mtu: null } }]);
  expect(edited).toEqual({ text: `# mine
network:
  version: 2
  ethernets:
    lan:
      # the first card
      match: { macaddress: "52:54:00:e7:46:6b" }
      dhcp4: false # for now
      addresses:
        - 10.0.0.1/24
` });
});

test('a definition that was found by its id keeps that as a condition, when a later file adds one', () => {
  const { definitions, links } = predict([
    { path: '/etc/netplan/95-more.yaml', text: 'network: {ethernets: {lan: {mtu: 1350}}}' },
    { path: '/etc/netplan/99-mine.yaml', text: 'network: {ethernets: {lan: {match: {macaddress: "52:54:00:e7:46:6b"}, dhcp4: true}}}' },
  ], facts);
  expect(definitions[0]?.match).toEqual({ names: ['lan'], mac: '52:54:00:e7:46:6b', drivers: [] });
  expect(links.find(({ name }) => name === 'enp1s0')?.managedBy).toBe('nobody');
});
