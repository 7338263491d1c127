/** Network changes as transactions, as a client of the daemon sees them, on fake guests whose netguard keeps the rules of the real one. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { WireNetworkChange } from '../../src/api/network-schemas.ts';
import type { WireInstance, WireOperation } from '../../src/api/schemas.ts';
import { DECISION_STEPS } from '../../src/daemon/network/transaction/decide.ts';
import { NETWORK_STEPS } from '../../src/daemon/network/transaction/transact.ts';
import { inGuest, makeFakeHome, type FakeHome } from './fake-home.ts';

let home: FakeHome;
let name = '';
let count = 0;
beforeAll(async () => {
  home = await makeFakeHome();
  await home.start();
}, 60_000);
beforeEach(async () => {
  count += 1;
  name = `apollo-${count}`;
  expect((await launch(name)).status).toBe('done');
}, 60_000);
afterEach(async () => {
  await rm(join(home.directory, 'host-network.json'), { force: true });
  for (const each of (await home.client.call('listInstances', {})).instances) await follow(await home.client.call('act', { params: { name: each.name }, body: { action: 'delete', purge: true } }));
}, 60_000);
afterAll(async () => { await home[Symbol.asyncDispose](); }, 60_000);

const LONG = { timeout: 60_000 };
const launch = async (called: string): Promise<WireOperation> => await follow(await home.client.call('launch', { body: { name: called, image: `sha256:${home.image}` } }));
const follow = async ({ id }: WireOperation): Promise<WireOperation> => await home.client.follow(id, () => {});
const change = async (body: WireNetworkChange): Promise<WireOperation> => await follow(await home.client.call('changeNetwork', { params: { name }, body }));
const decide = async (commit: boolean): Promise<WireOperation> => await follow(await home.client.call('decideNetwork', { params: { name }, body: { commit } }));
const revisions = async () => (await home.client.call('networkHistory', { params: { name } })).revisions;
const outcomes = async () => (await revisions()).map(({ number, origin, command, outcome }) => [number, origin, command, outcome]);
const apollo = async (): Promise<WireInstance> => await home.client.call('getInstance', { params: { name } });
const faults = async (what: object): Promise<void> => {
  for (const id of new Set(await home.traces())) await writeFile(join(home.directory, 'instances', id, 'faults.json'), JSON.stringify(what));
};
const file = async (path: string): Promise<string | undefined> => (await inGuest(home, name, ['netplan-file', path]).catch(() => undefined));

const MTU = async (): Promise<string> => `network:\n  version: 2\n  ethernets:\n    default:\n      match: {macaddress: "${(await apollo()).mac}"}\n      mtu: 1400\n`;
/** The accident: the default interface static at another address. */
const ACCIDENT = async (): Promise<string> =>
  `network:\n  version: 2\n  ethernets:\n    default:\n      match: {macaddress: "${(await apollo()).mac}"}\n      dhcp4: no\n      addresses: [192.168.68.20/24]\n      routes:\n        - to: 0.0.0.0/0\n          via: 192.168.68.1\n`;
const apply = async (text: string, more: Partial<WireNetworkChange> = {}) => await change({ change: 'apply', file: '60-lan.yaml', text, ...more });

function bomb(): string {
  const levels = Array.from({ length: 12 }, (_, level) => `    a${level}: &a${level} [${Array.from({ length: 10 }, () => (level === 0 ? '1' : `*a${level - 1}`)).join(', ')}]\n`);
  return `network:\n  version: 2\n  ethernets:\n${levels.join('')}`;
}

describe('a change', () => {
  test('that brings what it promised is kept, in the guest and in the history', LONG, async () => {
    const ended = await apply(await MTU());
    expect(ended).toMatchObject({ status: 'done', error: null, result: { revision: '2', verdict: expect.stringMatching(/safe|caution/) as string } });
    expect(await outcomes()).toEqual([[1, 'launch', null, 'seen'], [2, 'holdfast', 'net apply', 'committed']]);
    expect(await file('/etc/netplan/60-lan.yaml')).toBe(await MTU());
    const [, second] = await revisions();
    expect(second).toMatchObject({ current: true, transaction: ended.id, changed: [{ path: '/etc/netplan/60-lan.yaml', kind: 'made' }] });
    // Done again it is done already.
    expect(await apply(await MTU())).toMatchObject({ status: 'done', result: {}, notices: [`nothing was changed: ${name}'s netplan files are so already`] });
    expect(await outcomes()).toHaveLength(2);
  });

  test('that would lock out is refused with the place in the file, unless it is meant', LONG, async () => {
    const refused = await apply(await ACCIDENT());
    expect(refused.error).toMatchObject({ code: 'netplan-lockout', message: expect.stringMatching(/would lock apollo-\d+ out: \/etc\/netplan\/60-lan\.yaml:\d+:\d+: /) as string, hint: expect.stringContaining('--yes-lockout') as string });
    expect(await file('/etc/netplan/60-lan.yaml')).toBeUndefined();
    expect(await outcomes()).toHaveLength(1);
    expect(await apply(await ACCIDENT(), { allowLockout: true })).toMatchObject({ status: 'done', error: null });
    expect((await apollo()).network.health).toBe('changed');
    // Its lanes do not mind.
    expect(await inGuest(home, name, ['hostname'])).toBe(`${name}\n`);
  });

  const BAD = [
    ['that is no YAML', 'network: {version: 2\n', /60-lan\.yaml:\d+:\d+: /],
    ['with a tab', 'network:\n\tversion: 2\n', /60-lan\.yaml:2:\d+: /],
    ['with an unknown key', 'network:\n  version: 2\n  ethernets:\n    default: {dhcp: true}\n', /60-lan\.yaml:4:\d+: /],
    ['of a wrong type', 'network:\n  version: 2\n  ethernets: []\n', /60-lan\.yaml:3:\d+: /],
    ['with a key twice', 'network:\n  version: 2\n  ethernets:\n    default: {dhcp4: true}\n    default: {dhcp4: false}\n', /60-lan\.yaml:5:\d+: /],
    ['with two documents', 'network: {version: 2}\n---\nnetwork: {version: 2}\n', /60-lan\.yaml:\d+:\d+: /],
    ['that is a bomb of aliases', bomb(), /60-lan\.yaml:\d+:\d+: /],
  ] as const;
  test('by a bad file is refused with line and column, and nothing is changed', LONG, async () => {
    for (const [what, text, place] of BAD) {
      const { error } = await apply(text);
      expect({ what, error }).toMatchObject({ what, error: { code: 'netplan-invalid', message: expect.stringMatching(place) as string } });
    }
    expect(await file('/etc/netplan/60-lan.yaml')).toBeUndefined();
    expect(await outcomes()).toHaveLength(1);
  });

  test('for an interface that is not there is refused with line and column, unless it was meant before', LONG, async () => {
    const text = `network:\n  version: 2\n  ethernets:\n    enp77s0: {dhcp4: true}\n`;
    expect((await apply(text)).error).toMatchObject({
      code: 'net-refused', message: expect.stringMatching(/^nothing was changed: .*60-lan\.yaml:4:5: enp77s0 matches no interface/) as string, hint: expect.stringContaining(`${name} has enp1s0; `) as string,
    });
    expect(await file('/etc/netplan/60-lan.yaml')).toBeUndefined();
  });

  test('whose address does not come is undone, and told why', LONG, async () => {
    await faults({ noAddress: true });
    const text = `network:\n  version: 2\n  ethernets:\n    default:\n      addresses: [10.107.31.77/24]\n`;
    const { error } = await apply(text, { confirmWithinSeconds: 5 });
    expect(error).toMatchObject({ code: 'rolled-back', message: expect.stringContaining('enp1s0 has not got 10.107.31.77') as string });
    expect(await file('/etc/netplan/60-lan.yaml')).toBeUndefined();
    expect((await revisions())[1]).toMatchObject({ outcome: 'rolled-back', reason: expect.stringContaining('10.107.31.77') as string, current: false });
  });

  test('after which the gateway, or what the user wants tried, does not answer is undone', LONG, async () => {
    await faults({ unanswered: ['10.107.31.1', '10.9.9.9'] });
    expect((await apply(await MTU(), { confirmWithinSeconds: 5 })).error?.message).toContain('the default gateway 10.107.31.1, tried from the guest: it does not answer');
    await faults({});
    await writeFile(join(home.directory, 'host-network.json'), JSON.stringify({ reaches: true, answers: ['10.107.31.9'] }));
    const { error } = await apply(await MTU(), { confirmWithinSeconds: 5, probes: ['host:ping:10.107.31.9', 'host:tcp:10.107.31.10:22'] });
    expect(error?.message).toContain('host:tcp:10.107.31.10:22, tried from the host: it does not answer');
    expect(error?.message).not.toContain('10.107.31.9,');
    await writeFile(join(home.directory, 'host-network.json'), JSON.stringify({ reaches: false }));
    expect((await apply(await MTU(), { confirmWithinSeconds: 5 })).error?.message).toContain('the host does not reach 10.107.31.2');
    await expect(apply(await MTU(), { probes: ['ping:apollo'] })).rejects.toMatchObject({ code: 'bad-argument' });
  });

  test('that is cancelled is undone', LONG, async () => {
    await faults({ noAddress: true });
    const { id } = await home.client.call('changeNetwork', { params: { name }, body: { change: 'apply', file: '60-lan.yaml', text: `network:\n  version: 2\n  ethernets:\n    default:\n      addresses: [10.107.31.77/24]\n` } });
    await expect.poll(async () => (await home.client.call('getOperation', { params: { id } })).stage, { timeout: 10_000 }).toContain('Trying');
    expect(await home.client.cancel(id)).toMatchObject({ status: 'cancelled' });
    expect((await revisions())[1]).toMatchObject({ outcome: 'rolled-back', reason: 'it was cancelled' });
  });

  test('of an instance that is stopped is refused, and planned by what was seen last', LONG, async () => {
    await follow(await home.client.call('act', { params: { name }, body: { action: 'stop' } }));
    await expect(apply(await MTU())).rejects.toMatchObject({ code: 'wrong-state', message: expect.stringContaining(`${name} is Stopped`) as string });
    const planned = await home.client.call('planNetwork', { params: { name }, body: { file: '60-lan.yaml', text: await ACCIDENT() } });
    expect(planned).toMatchObject({ from: 'report', plan: { verdict: 'lockout' } });
  });
});

describe('a change that is held', () => {
  test('waits for its confirmation; meanwhile no other one begins', LONG, async () => {
    const held = await apply(await MTU(), { hold: true });
    expect(held).toMatchObject({ status: 'done', result: { held: 'true', revision: '2' } });
    expect(await file('/etc/netplan/60-lan.yaml')).toBeUndefined();
    await expect(apply(await ACCIDENT())).rejects.toMatchObject({ code: 'transaction-armed', message: expect.stringContaining(held.id) as string });
    expect(await decide(true)).toMatchObject({ status: 'done', result: { revision: '2' } });
    expect(await file('/etc/netplan/60-lan.yaml')).toBe(await MTU());
    await expect(decide(true)).rejects.toMatchObject({ code: 'not-found' });
  });

  test.each(DECISION_STEPS.map((step) => [step]))('is kept by the next daemon, when the one that was told to keep it died at %s', LONG, async (step) => {
    await apply(await MTU(), { hold: true });
    await home.kill();
    await home.start(`net-commit:${step}`);
    await expect.poll(async () => (await apollo()).hold.level, { timeout: 10_000 }).toBe('held');
    const { id } = await home.client.call('decideNetwork', { params: { name }, body: { commit: true } });
    await home.died();
    await home.start();
    expect(await home.client.follow(id, () => {})).toMatchObject({ status: 'done', error: null });
    expect(await file('/etc/netplan/60-lan.yaml')).toBe(await MTU());
  });

  test('is undone when somebody wants that', LONG, async () => {
    await apply(await MTU(), { hold: true });
    expect((await decide(false)).status).toBe('done');
    expect((await revisions())[1]).toMatchObject({ outcome: 'rolled-back', reason: 'it was asked for' });
  });

  test('and that nobody says anything about is recorded as undone by the daemon that goes on, and is not in the way of the next one', LONG, async () => {
    await apply(await MTU(), { hold: true, confirmWithinSeconds: 5 });
    await expect.poll(async () => (await revisions())[1]?.outcome, { timeout: 20_000 }).toBe('rolled-back');
    expect((await apply(await MTU())).status).toBe('done');
  });

  test('is undone by the guest when nobody says anything, and the record says so, also by the next daemon', LONG, async () => {
    await apply(await MTU(), { hold: true, confirmWithinSeconds: 5 });
    await home.kill();
    await home.start();
    await expect.poll(async () => (await revisions())[1]?.outcome, { timeout: 20_000 }).toBe('rolled-back');
    expect((await revisions())[1]?.reason).toBe('it was not confirmed in time');
  });

  test('is not applied any more after a restart of the guest', LONG, async () => {
    await apply(await MTU(), { hold: true });
    await follow(await home.client.call('act', { params: { name }, body: { action: 'restart' } }));
    await expect.poll(async () => (await revisions())[1]?.outcome, { timeout: 20_000 }).toBe('rolled-back');
    expect((await decide(true).catch((error: unknown) => error))).toMatchObject({ code: 'not-found' });
  });
});

describe.each(NETWORK_STEPS.map((step) => [step]))('killed at %s', (step) => {
  test('it is undone, and the next daemon says so', LONG, async () => {
    await home.kill();
    await home.start(`net-apply:${step}`);
    const { id } = await home.client.call('changeNetwork', { params: { name }, body: { change: 'apply', file: '60-lan.yaml', text: await MTU() } });
    await home.died();
    await home.start();
    const ended = await home.client.follow(id, () => {});
    expect(ended).toMatchObject({ status: 'failed', error: { code: step === 'look' ? 'cancelled' : 'rolled-back' } });
    expect(await file('/etc/netplan/60-lan.yaml')).toBeUndefined();
    expect((await revisions()).slice(1).map(({ outcome }) => outcome)).toEqual(step === 'look' ? [] : ['rolled-back']);
    // Nothing is in the way of the next one.
    expect((await apply(await MTU())).status).toBe('done');
  });
});

describe('a change by hand', () => {
  test('becomes a revision with an event and a line that says how it is restored', LONG, async () => {
    await expect.poll(outcomes, { timeout: 5_000 }).toEqual([[1, 'launch', null, 'seen']]);
    const before = await file('/etc/netplan/50-cloud-init.yaml');
    await inGuest(home, name, ['sudo', 'tee', '/etc/netplan/50-cloud-init.yaml'], await ACCIDENT());
    await inGuest(home, name, ['sudo', 'netplan', 'apply']);
    await expect.poll(outcomes, { timeout: 2_000 }).toEqual([[1, 'launch', null, 'seen'], [2, 'hand', null, 'seen']]);
    await expect.poll(async () => (await apollo()).network.health, { timeout: 2_000 }).toBe('changed');
    expect((await apollo()).ipv4).toEqual(['192.168.68.20']);
    const log = await readFile(join(home.directory, 'daemon.log'), 'utf8');
    expect(log).toMatch(new RegExp(`${name}'s netplan was changed by hand: /etc/netplan/50-cloud-init.yaml was changed; what changed: holdfast net diff ${name} 2; as it was before: holdfast net restore ${name} 1`));
    const diff = await home.client.call('networkDiff', { params: { name, from: '2' }, query: {} });
    expect(diff).toMatchObject({ from: 1, to: 2, files: [{ path: '/etc/netplan/50-cloud-init.yaml', kind: 'changed' }] });
    expect(diff.files[0]?.diff).toContain('+      addresses: [192.168.68.20/24]');
    // Back again, as a transaction.
    expect(await change({ change: 'restore', revision: 1 })).toMatchObject({ status: 'done', error: null });
    expect(await file('/etc/netplan/50-cloud-init.yaml')).toBe(before);
    await expect.poll(async () => (await apollo()).network.health, { timeout: 2_000 }).toBe('ok');
    expect((await outcomes()).at(-1)).toEqual([3, 'holdfast', 'net restore', 'committed']);
    await expect(change({ change: 'restore', revision: 9 })).rejects.toMatchObject({ code: 'not-found', message: `${name} has no revision 9` });
  });

  test('while no daemon was there is found by the next one', LONG, async () => {
    await expect.poll(outcomes, { timeout: 5_000 }).toHaveLength(1);
    await home.kill();
    const [id = ''] = await home.traces();
    const path = join(home.directory, 'instances', id, 'network.json');
    await home.start();
    await inGuest(home, name, ['sudo', 'tee', '/etc/netplan/70-mine.yaml'], 'network: {version: 2}\n');
    await expect.poll(outcomes, { timeout: 5_000 }).toHaveLength(2);
    expect(await readFile(path, 'utf8')).toContain('70-mine');
    await home.kill();
    await home.start();
    expect(await outcomes()).toHaveLength(2);
  });

  test.each([
    ['a default interface that is static elsewhere', async () => await ACCIDENT()],
    ['a file that netplan refuses', () => Promise.resolve('network:\n\tversion: 2\n')],
    ['a bridge that swallows the card', () => Promise.resolve('network:\n  version: 2\n  ethernets: {default: {dhcp4: false}}\n  bridges: {br0: {interfaces: [default], dhcp4: true}}\n')],
    ['an interface that is kept down', () => Promise.resolve('network:\n  version: 2\n  ethernets: {default: {activation-mode: "off"}}\n')],
  ])('that is %s is repaired', LONG, async (_what, text) => {
    await expect.poll(outcomes, { timeout: 5_000 }).toHaveLength(1);
    await inGuest(home, name, ['sudo', 'tee', '/etc/netplan/60-mine.yaml'], await text());
    await inGuest(home, name, ['sudo', 'tee', '/etc/netplan/80-harmless.yaml'], 'network:\n  version: 2\n  ethernets: {other: {match: {macaddress: "52:54:00:ff:ff:ff"}, dhcp4: true}}\n');
    await inGuest(home, name, ['sudo', 'netplan', 'apply']).catch(() => undefined);
    expect(await change({ change: 'repair' })).toMatchObject({ status: 'done', error: null });
    await expect.poll(async () => (await apollo()).network.health, { timeout: 2_000 }).toBe('ok');
    expect(await file('/etc/netplan/60-mine.yaml')).toBeUndefined();
    expect(await file('/etc/netplan/80-harmless.yaml')).toBeDefined();
  });

  test('that takes all files away is repaired', LONG, async () => {
    await expect.poll(outcomes, { timeout: 5_000 }).toHaveLength(1);
    const before = await file('/etc/netplan/50-cloud-init.yaml');
    await inGuest(home, name, ['sudo', 'rm', '/etc/netplan/50-cloud-init.yaml']);
    await inGuest(home, name, ['sudo', 'netplan', 'apply']);
    expect(await change({ change: 'repair' })).toMatchObject({ status: 'done', error: null });
    expect(await file('/etc/netplan/50-cloud-init.yaml')).toBe(before);
    expect((await apollo()).network.health).toBe('ok');
  });
});

describe('the two ways', () => {
  test('way 1 adds a card and leaves the default one alone; done again it is the same card', LONG, async () => {
    const before = await file('/etc/netplan/50-cloud-init.yaml');
    const done = await change({ change: 'static', address: '10.107.31.40/24', dns: ['10.107.31.1'] });
    expect(done).toMatchObject({ status: 'done', error: null });
    await expect.poll(async () => (await apollo()).ipv4, { timeout: 2_000 }).toEqual(['10.107.31.2', '10.107.31.40']);
    expect(await file('/etc/netplan/50-cloud-init.yaml')).toBe(before);
    // Nobody else is given that address.
    expect((await apollo()).cards?.map(({ index, mode, ipv4 }) => [index, mode, ipv4])).toEqual([[1, 'manual', '10.107.31.40']]);
    expect(await change({ change: 'static', address: '10.107.31.41/24' })).toMatchObject({ status: 'done', error: null });
    await expect.poll(async () => (await apollo()).ipv4, { timeout: 2_000 }).toEqual(['10.107.31.2', '10.107.31.41']);
    expect((await apollo()).cards).toHaveLength(1);
  });

  test('way 1 on a card of the host\'s has a bridge made of it when that is agreed to, and gives it back when it fails', LONG, async () => {
    const wish = { change: 'static', address: '192.168.90.5/24', network: 'eth1' } as const;
    const bridges = async (): Promise<unknown> => JSON.parse(await readFile(join(home.directory, 'ethernets.json'), 'utf8').catch(() => '[]'));
    await expect(change(wish)).rejects.toMatchObject({ code: 'consent-needed' });
    await faults({ noAddress: true });
    expect((await change({ ...wish, makeBridge: true, confirmWithinSeconds: 5 })).error?.code).toBe('rolled-back');
    expect([(await apollo()).cards, await bridges()]).toEqual([[], []]);
    await faults({});
    expect((await change({ ...wish, makeBridge: true })).error).toBeNull();
    expect([(await apollo()).cards?.map(({ network, mode }) => [network, mode]), await bridges()]).toEqual([[['br-eth1', 'manual']], ['br-eth1']]);
  });

  test('way 1 that fails takes its card out again', LONG, async () => {
    await faults({ noAddress: true });
    expect((await change({ change: 'static', address: '10.107.31.40/24', confirmWithinSeconds: 5 })).error?.code).toBe('rolled-back');
    expect((await apollo()).cards).toEqual([]);
  });

  test('a static address that is none, or somebody else\'s, is refused, and no card is left', LONG, async () => {
    for (const address of ['10.107.31.40', '10.107.31.40/33', 'apollo/24', '::1']) await expect(change({ change: 'static', address })).rejects.toMatchObject({ code: 'bad-argument' });
    await expect(change({ change: 'static', address: '10.107.31.40/24', gateway: '10.9.9.9' })).rejects.toMatchObject({ code: 'bad-argument' });
    await expect(change({ change: 'static', address: '10.107.31.40/24', nic: '0' })).rejects.toMatchObject({ code: 'bad-argument' });
    await expect(change({ change: 'static', address: '10.107.31.40/24', network: 'nowhere' })).rejects.toMatchObject({ code: 'not-found' });
    await launch('hermes');
    // The network's own, everybody's.
    for (const address of ['10.107.31.0/24', '10.107.31.255/24']) await expect(change({ change: 'static', address })).rejects.toMatchObject({ code: 'bad-argument' });
    // Another instance's, the host's.
    for (const address of ['10.107.31.3/24', '10.107.31.1/24']) {
      expect({ address, code: (await change({ change: 'static', address })).error?.code }).toEqual({ address, code: expect.stringMatching(/^netplan-(?:invalid|lockout)$/) as string });
    }
    expect((await apollo()).cards).toEqual([]);
  });

  test('way 2 keeps the address without DHCP, until it is unpinned', LONG, async () => {
    await expect(change({ change: 'unpin' })).resolves.toMatchObject({ error: { code: 'not-found' } });
    expect(await change({ change: 'pin' })).toMatchObject({ status: 'done', error: null });
    expect(await file('/etc/netplan/70-holdfast-pin.yaml')).toContain('10.107.31.2/24');
    expect((await apollo()).network.health).toBe('ok');
    const shown = await home.client.call('getNetwork', { params: { name } });
    expect(shown.interfaces.find(({ role }) => role === 'default')?.addresses).toMatchObject([{ address: '10.107.31.2', how: 'static', file: '/etc/netplan/70-holdfast-pin.yaml' }]);
    expect(await change({ change: 'unpin' })).toMatchObject({ status: 'done', error: null });
    expect(await file('/etc/netplan/70-holdfast-pin.yaml')).toBeUndefined();
    expect((await apollo()).network.health).toBe('ok');
  });
});
