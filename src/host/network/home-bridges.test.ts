import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { kernel } from '../../../test/network/fake-kernel.ts';
import type { InstanceSpec } from '../../core/instance.ts';
import { homeNetwork, type ZoneNetwork } from '../../core/network/home-network.ts';
import { Attachments } from './attachments.ts';
import { HomeBridges } from './home-bridges.ts';
import { HomeCards } from './home-cards.ts';
import type { HomeRecord } from './home-record.ts';
import { OwnNetworks } from './own-networks.ts';
import type { Repairs } from './repairs.ts';
import { tellFailures, type ZoneFailure } from './zone-failure.ts';

const served = vi.hoisted(() => ({ by: new Set<string>(), not: new Set<string>() }));

vi.mock('./tools.ts', async () => (await import('../../../test/network/fake-kernel.ts')).tools);
vi.mock('./home-forwarding.ts', () => Object.fromEntries(['forward', 'forwardLess', 'forwards'].map((name) => [name, () => Promise.resolve(true)])));
vi.mock('./dnsmasq.ts', () => ({
  Dnsmasq: class {
    readonly zone: string;
    readonly network: ZoneNetwork;
    constructor(network: ZoneNetwork) {
      [this.network, this.zone] = [network, network.zone];
    }

    serve = () => (served.not.has(this.zone) ? Promise.reject(new Error(`dnsmasq did not start in ${this.zone}`)) : Promise.resolve(void served.by.add(this.zone)));
    isServing = () => Promise.resolve(served.by.has(this.zone));
    tell = () => Promise.resolve();
    stop = () => Promise.resolve(void served.by.delete(this.zone));
    hasTraces = () => this.isServing();
    remove = () => this.stop();
  },
}));

const KEY = '1a2b3c4d5e6f708192a3b4c5d6e7f809';
const network = homeNetwork(KEY, { zone1: '10.107.31.0/24', zone2: '10.107.32.0/24' }, false);
const [ONE, TWO] = ['hf-1a2b3c4d', 'hf-1a2b3c4d-2'] as const;
const machine = (id: string, address: string) => ({ id, name: id, uid: 1, spec: { mac: '52:54:00:00:c0:fe', network: { kind: 'bridge', address } } as unknown as InstanceSpec });
const [apollo, hermes] = [machine('00c0ffee', '10.107.31.2'), machine('0badcafe', '10.107.32.2')];
const TAP = 'h1a2b-00c0ffee0';

let directory: string;
let cards: HomeCards;
let bridges: HomeBridges;
let told: string[];
const remember = vi.fn(() => Promise.resolve());
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hf-bridges-'));
  kernel.clear();
  for (const each of Object.values(served)) each.clear();
  told = [];
  remember.mockClear();
  const record = { names: network, bridges: [ONE, TWO], network: () => Promise.resolve(network), remember } as unknown as HomeRecord;
  const attachments = new Attachments(join(directory, 'machines'));
  bridges = new HomeBridges(directory, record, attachments, 'dnsmasq');
  const repairs = { start: (failures: readonly ZoneFailure[] = []) => tellFailures(failures, (_cause, message) => told.push(message)), stop: () => undefined } as unknown as Repairs;
  cards = new HomeCards({ record, attachments, bridges, own: new OwnNetworks(join(directory, 'networks.json')), repairs, log: () => undefined });
});
afterEach(() => rm(directory, { recursive: true }));

const repair = async () => await bridges.repair(new AbortController().signal, () => undefined);

test('a zone whose dnsmasq does not start is told of, and keeps no machine of another zone from starting; its own it does', async () => {
  await cards.change(hermes);
  served.by.delete('zone2');
  served.not.add('zone2');
  await cards.change(apollo);
  expect(await bridges.lacks(['10.107.31.2'])).toEqual([]);
  expect(await bridges.lacks()).toEqual([{ what: 'its dnsmasq of zone2', zone: 'zone2' }]);
  expect(told).toEqual(['the network of zone2 cannot be brought up: dnsmasq did not start in zone2']);
  expect([...served.by, kernel.links.get(TAP)?.master]).toEqual(['zone1', ONE]);
  await expect(cards.change(hermes)).rejects.toThrow('dnsmasq did not start in zone2');
});

test('nor does one whose bridge cannot be made keep the others from being repaired, and their cards from being put back', async () => {
  await cards.change(hermes);
  await cards.change(apollo);
  expect(await repair()).toEqual({ repaired: [], failures: [], loose: [] });
  kernel.refuses.set(ONE, 'not this one');
  for (const name of [ONE, TWO]) kernel.links.delete(name);
  kernel.links.set('h1a2b-0badcafe0', { kind: 'tun', up: true, addresses: [] });
  served.by.delete('zone2');
  const { repaired, failures } = await repair();
  expect(repaired).toEqual(['its dnsmasq of zone2', 'its bridge of zone2']);
  expect(failures).toMatchObject([{ zone: { zone: 'zone1' }, error: { message: 'not this one' } }]);
  expect(kernel.links.get('h1a2b-0badcafe0')).toMatchObject({ master: TWO, up: true });
});

test('a zone whose subnet the host has come to use is not up, has no rules, and nobody else lacks anything for it', async () => {
  await cards.change(hermes);
  await cards.change(apollo);
  kernel.links.delete(TWO);
  kernel.links.set('docker0', { kind: 'bridge', up: true, addresses: ['10.107.32.1/24'] });
  for (const time of ['first', 'again']) {
    expect(await repair(), time).toMatchObject({ repaired: [], failures: [{ zone: { zone: 'zone2' }, error: { message: 'the network of this home, 10.107.32.0/24, is used by the host for something else (10.107.32.1/24)' } }], loose: [] });
    expect(await bridges.lacks(['10.107.31.2']), time).toEqual([]);
    expect(await bridges.lacks(), time).toEqual([{ what: 'its bridge of zone2', zone: 'zone2' }]);
  }
  kernel.links.delete('docker0');
  expect(await repair()).toMatchObject({ repaired: ['its bridge of zone2'], failures: [] });
  expect(await bridges.lacks()).toEqual([]);
});

test('a card that cannot be put back is told of with why, and is not called repaired', async () => {
  await cards.change(apollo);
  const tap = kernel.links.get(TAP);
  if (tap) delete tap.master;
  kernel.refuses.set('master', 'Device or resource busy');
  expect(await repair()).toMatchObject({ repaired: [], failures: [], loose: [{ card: { tap: TAP }, error: { message: 'Device or resource busy' } }] });
  kernel.refuses.clear();
  expect(await repair()).toEqual({ repaired: [`the bridge of ${TAP}`], failures: [], loose: [] });
});

test('where nothing comes up there can be no network; and it is not remembered that it has worked', async () => {
  served.not.add('zone1');
  await expect(cards.tryOut()).rejects.toThrow('dnsmasq did not start in zone1');
  expect(remember).not.toHaveBeenCalled();
  served.not.clear();
  await cards.tryOut();
  expect(remember).toHaveBeenCalledTimes(1);
});
