import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { homeNetwork } from '../../core/network/home-network.ts';
import type { InstanceSpec } from '../../core/instance.ts';
import { Attachments, type AttachedCard } from './attachments.ts';
import type { HomeBridges } from './home-bridges.ts';
import { HomeCards } from './home-cards.ts';
import type { HomeRecord } from './home-record.ts';
import { OwnNetworks } from './own-networks.ts';
import type { Repairs } from './repairs.ts';

/** A host of nothing but links and tables, which refuses to make a link twice as the kernel does. */
const host = vi.hoisted(() => ({ links: new Map<string, { kind: string; master?: string; up: boolean; addresses: string[] }>(), tables: new Map<string, string>(), refuses: false }));

vi.mock('./tools.ts', () => ({
  ip: (object: string, verb: string, ...words: string[]) => {
    const after = (word: string): string => words[words.indexOf(word) + 1] ?? '';
    if (object === 'link' && verb === 'add') {
      if (host.links.has(after('name'))) return Promise.reject(new Error('RTNETLINK answers: File exists'));
      host.links.set(after('name'), { kind: 'bridge', up: false, addresses: [] });
    }
    if (object === 'tuntap') host.links.set(after('dev'), { kind: 'tun', up: false, addresses: [] });
    if (object === 'link' && verb === 'delete') host.links.delete(after('dev'));
    const link = host.links.get(after('dev'));
    if (link !== undefined && verb === 'set') link.up ||= words.includes('up');
    if (link !== undefined && words.includes('master')) link.master = after('master');
    if (link !== undefined && object === 'address') link.addresses.push(words[0] ?? '');
    return Promise.resolve();
  },
  ipJson: () => Promise.resolve([...host.links].map(([ifname, { kind, master, up, addresses }]) => (
    { ifname, linkinfo: { info_kind: kind }, master, flags: up ? ['UP'] : [], addr_info: addresses.map((each) => ({ local: each.split('/')[0], prefixlen: each.split('/')[1] })) }))),
  nftFamilies: (table: string) => Promise.resolve(new Set(host.tables.has(table) ? ['inet'] : [])),
  nftTable: (_family: string, table: string) => Promise.resolve(host.tables.get(table) ?? ''),
  nftLoad: async (path: string) => {
    const text = await readFile(path, 'utf8');
    if (host.refuses) throw new Error('nft: Operation not permitted');
    host.tables.set(/^table inet (\S+)/.exec(text)?.[1] ?? '', text);
  },
}));

const card = (tap: string, bridge: string): AttachedCard => ({ tap, mac: '', address: null, name: null, bridge });
const KEY = '0123456789abcdef0123456789abcdef';
const [BRIDGE, TABLE] = ['hn-01234567-0', 'holdfast_01234567_0'];

let directory: string;
let own: OwnNetworks;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hf-own-'));
  own = new OwnNetworks(join(directory, 'networks.json'));
  host.links.clear();
  host.tables.clear();
  host.refuses = false;
  await own.create('lan', '192.168.68.0/24', KEY);
});
afterEach(() => rm(directory, { recursive: true }));

test('two cards on one network, after a restart of the host, have it made once', async () => {
  host.links.clear();
  host.tables.clear();
  const cards = await own.onBridges([card('g0123-00c0ffee1', 'lan'), card('g0123-00c0ffee2', 'lan'), card('g0123-00c0ffee3', 'br0')]);
  expect(cards.map(({ bridge }) => bridge)).toEqual([BRIDGE, BRIDGE, 'br0']);
  expect(host.links.get(BRIDGE)).toMatchObject({ up: true, addresses: ['192.168.68.1/24'] });
  expect([...host.tables.keys()]).toEqual([TABLE]);
});

const TAP = 'g0123-00c0ffee1';
const told: string[] = [];
const repair = async (...cards: readonly AttachedCard[]): Promise<boolean> => {
  told.length = 0;
  return await own.repair(cards, new AbortController().signal, (_cause, message) => { told.push(message); });
};

test('what is flushed, emptied or deleted of a network that a card is on is there again, and told', async () => {
  const rules = host.tables.get(TABLE) ?? '';
  host.links.set(TAP, { kind: 'tun', master: BRIDGE, up: true, addresses: [] });
  expect([await repair(card(TAP, BRIDGE)), told]).toEqual([true, []]);
  host.tables.clear();
  expect([await repair(card(TAP, BRIDGE)), told]).toEqual([true, ['the network lan lacked its firewall rules, and was repaired']]);
  host.tables.set(TABLE, rules.replace(/.*reject.*\n/, ''));
  await repair(card(TAP, BRIDGE));
  expect(host.tables.get(TABLE)).toBe(rules);
  host.links.delete(BRIDGE);
  host.links.set(TAP, { kind: 'tun', up: true, addresses: [] });
  await repair(card(TAP, BRIDGE));
  expect(told).toEqual([`the network lan lacked its bridge, the bridge of ${TAP}, and was repaired`]);
  expect(host.links.get(TAP)).toMatchObject({ master: BRIDGE, up: true });
});

test('a network without a card is left as it is; one that cannot be repaired keeps no other from it, and is told', async () => {
  await own.create('dmz', undefined, KEY);
  host.links.delete('hn-01234567-1');
  host.tables.clear();
  expect([await repair(card('g0123-00c0ffee2', 'br0')), host.tables.size]).toEqual([true, 0]);
  host.tables.set('holdfast_01234567_1', 'table inet holdfast_01234567_1 {\n  chain input {\n    accept\n  }\n}\n');
  host.refuses = true;
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
