import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressesToShow, networkHealth, type LinkFacts } from './network-health.ts';

const expected = { mac: '52:54:00:00:00:01', address: '10.96.0.15' };
const link = (change: Partial<LinkFacts> = {}): LinkFacts => ({
  name: 'enp1s0', mac: expected.mac, up: true, carrier: true,
  addresses: [{ address: '10.96.0.15', family: 4, scope: 'global', prefix: 24 }], ...change,
});

test('no report yet is unknown, not unreachable', () => {
  expect(networkHealth(undefined, expected).health).toBe('unknown');
});

test.each([
  ['as it was given', link(), 'ok'],
  ['another address besides the given one', link({ addresses: [{ address: '192.168.68.20', family: 4, scope: 'global', prefix: 24 }, ...link().addresses] }), 'ok'],
  ['static in another subnet', link({ addresses: [{ address: '192.168.68.20', family: 4, scope: 'global', prefix: 24 }] }), 'changed'],
  ['flushed', link({ addresses: [] }), 'unreachable'],
  ['link-local only', link({ addresses: [{ address: '169.254.1.1', family: 4, scope: 'link', prefix: 16 }] }), 'unreachable'],
  ['link down', link({ up: false }), 'unreachable'],
  ['no carrier', link({ carrier: false }), 'unreachable'],
  ['another card only', link({ mac: '52:54:00:00:00:02' }), 'unreachable'],
])('%s', (_what, given, health) => {
  const judged = networkHealth([given], expected);
  expect(judged.health).toBe(health);
  expect(judged.reason === null).toBe(health === 'ok');
});

test('the default interface comes first in what is shown', () => {
  const other = link({ mac: 'other', addresses: [{ address: '10.0.0.9', family: 4, scope: 'global', prefix: 8 }] });
  expect(addressesToShow([other, link()], expected.mac)).toEqual(['10.96.0.15', '10.0.0.9']);
});

const anyLink: fc.Arbitrary<LinkFacts> = fc.record({
  name: fc.string({ minLength: 1, maxLength: 15 }), mac: fc.constantFrom(expected.mac, '52:54:00:00:00:02'), up: fc.boolean(), carrier: fc.boolean(),
  addresses: fc.array(fc.record({
    address: fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant(expected.address)), family: fc.constantFrom(4 as const, 6 as const), scope: fc.constantFrom('global', 'link', 'host'), prefix: fc.nat(128),
  }), { maxLength: 4 }),
});

test('whatever a guest reports: a reason is given exactly when something is wrong, and ok means that the given address is there', () => {
  fc.assert(fc.property(fc.array(anyLink, { maxLength: 4 }), (links) => {
    const { health, reason } = networkHealth(links, expected);
    expect(reason === null).toBe(health === 'ok');
    if (health === 'ok') expect(addressesToShow(links, expected.mac)).toContain(expected.address);
    const shown = [...addressesToShow(links, expected.mac), ...addressesToShow(links, expected.mac, 6)];
    expect(shown).toHaveLength(links.flatMap(({ addresses }) => addresses).filter(({ scope }) => scope === 'global').length);
  }));
});
