import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { kernel } from '../../../test/network/fake-kernel.ts';
import { homeNetwork } from '../../core/network/home-network.ts';
import type { InstanceSpec } from '../../core/instance.ts';
import { Attachments, type AttachedCard } from './attachments.ts';
import type { HomeBridges } from './home-bridges.ts';
import { HomeCards } from './home-cards.ts';
import type { HomeRecord } from './home-record.ts';
import { OwnNetworks } from './own-networks.ts';
import type { Repairs } from './repairs.ts';

vi.mock('./tools.ts', async () => (await import('../../../test/network/fake-kernel.ts')).tools);

const card = (tap: string, bridge: string): AttachedCard => ({ tap, mac: '', address: null, name: null, bridge });
const KEY = '0123456789abcdef0123456789abcdef';
const [BRIDGE, TABLE] = ['hn-01234567-0', 'inet holdfast_01234567_0'];

let directory: string;
let own: OwnNetworks;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hf-own-'));
  own = new OwnNetworks(join(directory, 'networks.json'));
  kernel.clear();
  await own.create('lan', '192.168.68.0/24', KEY);
});
afterEach(() => rm(directory, { recursive: true }));

test('two cards on one network, after a restart of the host, have it made once', async () => {
  kernel.clear();
  const cards = await own.onBridges([card('g0123-00c0ffee1', 'lan'), card('g0123-00c0ffee2', 'lan'), card('g0123-00c0ffee3', 'br0')]);
  expect(cards.map(({ bridge }) => bridge)).toEqual([BRIDGE, BRIDGE, 'br0']);
  expect(kernel.links.get(BRIDGE)).toMatchObject({ up: true, addresses: ['192.168.68.1/24'] });
  expect([...kernel.tables.keys()]).toEqual([TABLE]);
});

const TAP = 'g0123-00c0ffee1';
const told: string[] = [];
const repair = async (...cards: readonly AttachedCard[]): Promise<boolean> => {
  told.length = 0;
  return await own.repair(cards, new AbortController().signal, (_cause, message) => { told.push(message); });
};

test('what is flushed, emptied or deleted of a network that a card is on is there again, and told', async () => {
  const rules = kernel.tables.get(TABLE) ?? '';
  kernel.links.set(TAP, { kind: 'tun', master: BRIDGE, up: true, addresses: [] });
  expect([await repair(card(TAP, BRIDGE)), told]).toEqual([true, []]);
  kernel.tables.clear();
  expect([await repair(card(TAP, BRIDGE)), told]).toEqual([true, ['the network lan lacked its firewall rules, and was repaired']]);
  kernel.tables.set(TABLE, rules.replace(/.*reject.*\n/, ''));
  await repair(card(TAP, BRIDGE));
  expect(kernel.tables.get(TABLE)).toBe(rules);
  kernel.links.delete(BRIDGE);
  kernel.links.set(TAP, { kind: 'tun', up: true, addresses: [] });
  await repair(card(TAP, BRIDGE));
  expect(told).toEqual([`the network lan lacked its bridge, the bridge of ${TAP}, and was repaired`]);
  expect(kernel.links.get(TAP)).toMatchObject({ master: BRIDGE, up: true });
});

test('a network without a card is left as it is; one that cannot be repaired keeps no other from it, and is told', async () => {
  await own.create('dmz', undefined, KEY);
  kernel.links.delete('hn-01234567-1');
  kernel.tables.clear();
  expect([await repair(card('g0123-00c0ffee2', 'br0')), kernel.tables.size]).toEqual([true, 0]);
  kernel.tables.set('inet holdfast_01234567_1', 'table inet holdfast_01234567_1 {\n  chain input {\n    accept\n  }\n}\n');
  kernel.refuses.set('nft', 'nft: Operation not permitted');
  expect(await repair(card(TAP, BRIDGE), card('g0123-00c0ffee2', 'hn-01234567-1'))).toBe(false);
  expect(told).toEqual(['lan', 'dmz'].map((name) => `the network ${name} cannot be repaired: nft: Operation not permitted`));
});

test('while a machine has a card on one, and none on the home\'s, they are looked after', async () => {
  const calls: string[] = [];
  const said = (...names: readonly string[]): unknown => Object.fromEntries(names.map((name) => [name, () => void calls.push(name)]));
  const network = homeNetwork(KEY, { zone1: '10.107.31.0/24' }, false);
  const cards = new HomeCards({
    attachments: new Attachments(join(directory, 'machines')), own, log: () => undefined,
    record: { names: network, bridges: ['hf-01234567'], network: () => Promise.resolve(network) } as unknown as HomeRecord,
    bridges: said('up', 'down', 'shrink', 'claim') as HomeBridges, repairs: said('start', 'stop') as Repairs,
  });
  const spec = { mac: '', cards: [{ slot: 1, mac: '', network: 'lan', address: null }] } as unknown as InstanceSpec;
  await cards.change({ id: '00c0ffee', name: 'apollo', uid: 1, spec });
  expect(calls).toEqual(['start']);
  await cards.tidy((id) => id === '00c0ffee');
  expect(calls).not.toContain('stop');
  await cards.detach('00c0ffee');
  expect(calls.at(-2)).toBe('stop');
});
