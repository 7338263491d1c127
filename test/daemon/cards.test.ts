/** Networks and cards as a client of the daemon sees them, on fake machines. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { WireCardWish, WireInstance, WireLaunch, WireOperation } from '../../src/api/schemas.ts';
import { CARD_STEPS } from '../../src/daemon/network/plug.ts';
import { makeFakeHome, type FakeHome } from './fake-home.ts';

let home: FakeHome;
beforeEach(async () => { home = await makeFakeHome(); });
afterEach(async () => { await home[Symbol.asyncDispose](); });

const LONG = { timeout: 60_000 };
const follow = async ({ id }: WireOperation): Promise<WireOperation> => await home.client.follow(id, () => {});
const launch = async (more: Partial<WireLaunch> = {}) => await follow(await home.client.call('launch', { body: { name: 'apollo', image: `sha256:${home.image}`, ...more } }));
const attach = async (body: WireCardWish = {}) => await home.client.call('attachCard', { params: { name: 'apollo' }, body });
const detach = async (card: string) => await home.client.call('detachCard', { params: { name: 'apollo', card } });
const apollo = async (): Promise<WireInstance> => await home.client.call('getInstance', { params: { name: 'apollo' } });
const cards = async () => (await apollo()).cards?.map(({ index, network, mode, ipv4 }) => [index, network, mode, ipv4]);

test('each instance has the lowest address that is free, and keeps to the network that it was launched on', LONG, async () => {
  await home.start();
  await launch();
  await launch({ name: 'hermes' });
  expect((await home.client.call('listInstances', {})).instances.map(({ ipv4 }) => ipv4)).toEqual([['10.107.31.2'], ['10.107.31.3']]);
  await home.client.call('putSetting', { params: { key: 'local.network' }, body: { value: 'user' } });
  await launch({ name: 'zeus' });
  expect((await home.client.call('getInstance', { params: { name: 'zeus' } })).ipv4[0]).toMatch(/^10\.96\./);
  await home.kill();
  await home.start();
  await expect.poll(async () => (await apollo()).ipv4, { timeout: 10_000 }).toEqual(['10.107.31.2']);
  await expect(home.client.call('putSetting', { params: { key: 'local.network' }, body: { value: 'none' } })).rejects.toMatchObject({ code: 'bad-setting' });
});

test('an instance is on the subnet of its zone, with all its cards, and a clone of it too', LONG, async () => {
  await home.start();
  await launch();
  await launch({ name: 'hermes', zone: 'zone2', networks: [{ name: 'holdfast', mode: 'auto' }] });
  const hermes = await home.client.call('getInstance', { params: { name: 'hermes' } });
  expect([hermes.ipv4[0], hermes.cards?.map(({ ipv4 }) => ipv4)]).toEqual(['10.107.32.2', ['10.107.32.3']]);
  await follow(await home.client.call('attachCard', { params: { name: 'hermes' }, body: {} }));
  expect((await home.client.call('getInstance', { params: { name: 'hermes' } })).cards?.map(({ ipv4 }) => ipv4)).toEqual(['10.107.32.3', '10.107.32.4']);
  await follow(await home.client.call('act', { params: { name: 'hermes' }, body: { action: 'stop' } }));
  const { error, result } = await follow(await home.client.call('clone', { params: { name: 'hermes' }, body: { name: 'iris' } }));
  expect([error, result?.['name']]).toEqual([null, 'iris']);
  await follow(await home.client.call('act', { params: { name: 'iris' }, body: { action: 'start' } }));
  expect((await home.client.call('getInstance', { params: { name: 'iris' } })).ipv4[0]).toBe('10.107.32.5');
});

test('launched with further cards it has them, on bridges, or by a host card that is in one', LONG, async () => {
  await home.start();
  await home.client.call('putSetting', { params: { key: 'local.bridged-network' }, body: { value: 'br0' } });
  await launch({ networks: [{ name: 'bridged', mode: 'auto' }, { name: 'eth0', mode: 'manual', mac: '52:54:00:00:00:77' }, { name: 'holdfast', mode: 'auto' }] });
  expect(await cards()).toEqual([[1, 'br0', 'auto', null], [2, 'br0', 'manual', null], [3, 'holdfast', 'auto', '10.107.31.3']]);
  expect((await apollo()).cards?.[1]?.mac).toBe('52:54:00:00:00:77');
});

test.each([
  ['eth1', 'consent-needed', /^eth1 is in no bridge: it is put into one, br-eth1/], ['eth3', 'not-supported', /rules name it/], ['wlan0', 'not-supported', /wlan0 is a radio card/], ['nowhere', 'not-found', /Invalid network: nowhere/], ['bridged', 'refused', /no network is chosen/],
])('a launch with the network %s is refused before anything is made', LONG, async (name, code, message) => {
  await home.start();
  await expect(launch({ networks: [{ name, mode: 'auto' }] })).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
  expect((await home.client.call('listInstances', {})).instances).toEqual([]);
});

test('networks are listed, the home\'s own among them', LONG, async () => {
  await home.start();
  expect((await home.client.call('listNetworks', {})).networks).toEqual([
    { name: 'br0', type: 'bridge', description: 'Bridge of eth0' },
    { name: 'eth0', type: 'ethernet', description: 'Wired network card, in the bridge br0' },
    ...['eth1', 'eth2', 'eth3'].map((name) => ({ name, type: 'ethernet', description: 'Wired network card' })),
    { name: 'holdfast', type: 'bridge', description: 'Holdfast\'s own network, behind the host\'s addresses: 10.107.31.0/24, 10.107.32.0/24, 10.107.33.0/24' },
  ]);
});

test('where the host\'s own cannot be used they are not listed, and it is said why; those made by Holdfast are', LONG, async () => {
  await home.start();
  const why = 'it needs a daemon that runs as root';
  await writeFile(join(home.directory, 'host-network.json'), JSON.stringify({ whyNot: why }));
  expect(await home.client.call('listNetworks', {})).toEqual({ networks: [], leftOut: why });
  await home.client.call('createNetwork', { body: { name: 'lan' } });
  expect((await home.client.call('listNetworks', {})).networks.map(({ name }) => name)).toEqual(['lan']);
});

test('cards come and go while it runs and while it is stopped; slots, addresses and MACs are nobody else\'s', LONG, async () => {
  await home.start();
  await launch();
  expect((await follow(await attach())).result['index']).toBe('1');
  expect((await follow(await attach({ network: 'br0', mac: '52:54:00:00:00:78', mode: 'manual' }))).result).toEqual({ index: '2', mac: '52:54:00:00:00:78' });
  await expect(attach({ mac: '52:54:00:00:00:78' })).rejects.toMatchObject({ code: 'refused' });
  await follow(await home.client.call('act', { params: { name: 'apollo' }, body: { action: 'stop', force: true } }));
  await follow(await detach('1'));
  await follow(await attach());
  expect(await cards()).toEqual([[2, 'br0', 'manual', null], [1, 'holdfast', 'auto', '10.107.31.3']]);
  await follow(await detach('52:54:00:00:00:78'));
  expect(await cards()).toEqual([[1, 'holdfast', 'auto', '10.107.31.3']]);
  await expect(detach('0')).rejects.toMatchObject({ code: 'not-supported' });
  await expect(detach('5')).rejects.toMatchObject({ code: 'not-found' });
});

test('what is suspended keeps its cards as they are', LONG, async () => {
  await home.start();
  await launch();
  await follow(await home.client.call('act', { params: { name: 'apollo' }, body: { action: 'suspend' } }));
  await expect(attach()).rejects.toMatchObject({ code: 'wrong-state' });
});

test.each(CARD_STEPS.flatMap((step) => [['net-attach', step], ['net-detach', step]] as const))('%s, killed at %s, is finished by the next daemon', LONG, async (kind, step) => {
  await home.start();
  await launch();
  if (kind === 'net-detach') await follow(await attach());
  await home.kill();
  await home.start(`${kind}:${step}`);
  const { id } = kind === 'net-attach' ? await attach() : await detach('1');
  await home.died();
  await home.start();
  expect((await home.client.follow(id, () => {})).status).toBe('done');
  expect(await cards()).toEqual(kind === 'net-attach' ? [[1, 'holdfast', 'auto', '10.107.31.3']] : []);
});

const bridges = async (): Promise<string[]> => JSON.parse(await readFile(`${home.directory}/ethernets.json`, 'utf8').catch(() => '[]')) as string[];

test('a host\'s ethernet gets a bridge once somebody has agreed, and gives it up with the last card on it', LONG, async () => {
  await home.start();
  expect((await launch({ networks: [{ name: 'eth1', mode: 'auto' }], makeBridge: true })).error).toBeNull();
  expect(await cards()).toEqual([[1, 'br-eth1', 'auto', null]]);
  // Nobody is asked again.
  await launch({ name: 'hermes' });
  await follow(await home.client.call('attachCard', { params: { name: 'hermes' }, body: { network: 'eth1' } }));
  await follow(await detach('1'));
  expect(await bridges()).toEqual(['br-eth1']);
  await expect(home.client.call('deleteNetwork', { params: { name: 'br-eth1' } })).rejects.toMatchObject({ code: 'wrong-state', message: expect.stringContaining('hermes has a card on it') as string });
  await follow(await home.client.call('act', { params: { name: 'hermes' }, body: { action: 'delete' } }));
  expect(await bridges(), 'it may be recovered').toEqual(['br-eth1']);
  await follow(await home.client.call('purge', {}));
  expect(await bridges()).toEqual([]);
});

test('where the host would lose its network by it, the launch or the card is taken back, and nothing stays agreed to', LONG, async () => {
  await home.start();
  expect((await launch({ networks: [{ name: 'eth2', mode: 'auto' }], makeBridge: true })).error).toMatchObject({ code: 'rolled-back' });
  expect((await home.client.call('listInstances', {})).instances).toEqual([]);
  await launch();
  expect((await follow(await attach({ network: 'eth2', makeBridge: true }))).error).toMatchObject({ code: 'rolled-back' });
  expect(await cards() ?? []).toEqual([]);
  expect(await bridges()).toEqual([]);
});

test('local.bridged-network names an ethernet freely, and who uses it agrees', LONG, async () => {
  await home.start();
  await home.client.call('putSetting', { params: { key: 'local.bridged-network' }, body: { value: 'eth1' } });
  await expect(launch({ networks: [{ name: 'bridged', mode: 'auto' }] })).rejects.toMatchObject({ code: 'consent-needed' });
  await launch();
  const bridged = async (makeBridge?: boolean) => await home.client.call('putSetting', { params: { key: 'local.apollo.bridged' }, body: { value: 'true', ...(makeBridge === undefined ? {} : { makeBridge }) } });
  await expect(bridged()).rejects.toMatchObject({ code: 'consent-needed' });
  expect(await bridged(true)).toEqual({ key: 'local.apollo.bridged', value: 'true' });
  expect(await cards()).toEqual([[1, 'br-eth1', 'auto', null]]);
});

test.each(CARD_STEPS)('a card on an ethernet whose daemon is killed at %s comes with its bridge by the next daemon', LONG, async (step) => {
  await home.start();
  await launch();
  await home.kill();
  await home.start(`net-attach:${step}`);
  const { id } = await attach({ network: 'eth1', makeBridge: true });
  await home.died();
  await home.start();
  expect((await home.client.follow(id, () => {})).status).toBe('done');
  expect([await cards(), await bridges()]).toEqual([[[1, 'br-eth1', 'auto', null]], ['br-eth1']]);
});
