import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AttachedCard } from './attachments.ts';
import { OwnNetworks } from './own-networks.ts';

/** A host of nothing but links and tables, which refuses to make a link twice as the kernel does. */
const host = vi.hoisted(() => ({ links: new Map<string, { master?: string; up: boolean; addresses: string[] }>(), tables: new Map<string, string>() }));

vi.mock('./tools.ts', () => ({
  ip: (object: string, verb: string, ...words: string[]) => {
    const after = (word: string): string => words[words.indexOf(word) + 1] ?? '';
    if (object === 'link' && verb === 'add') {
      if (host.links.has(after('name'))) return Promise.reject(new Error('RTNETLINK answers: File exists'));
      host.links.set(after('name'), { up: false, addresses: [] });
    }
    const link = host.links.get(after('dev'));
    if (link !== undefined && verb === 'set') link.up ||= words.includes('up');
    if (link !== undefined && words.includes('master')) link.master = after('master');
    if (link !== undefined && object === 'address') link.addresses.push(words[0] ?? '');
    return Promise.resolve();
  },
  ipJson: () => Promise.resolve([...host.links].map(([ifname, { master, up, addresses }]) => (
    { ifname, master, flags: up ? ['UP'] : [], addr_info: addresses.map((each) => ({ local: each.split('/')[0], prefixlen: each.split('/')[1] })) }))),
  nftFamilies: (table: string) => Promise.resolve(new Set(host.tables.has(table) ? ['inet'] : [])),
  nftTable: (_family: string, table: string) => Promise.resolve(host.tables.get(table) ?? ''),
  nftLoad: async (path: string) => {
    const text = await readFile(path, 'utf8');
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
