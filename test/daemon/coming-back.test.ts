/** Many come back at once, and some do not: in what order, and what becomes of the others. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fail } from '../../src/core/errors.ts';
import { act } from '../../src/daemon/instances/actions.ts';
import { comeBack } from '../../src/daemon/instances/come-back.ts';
import { shutDownGuests } from '../../src/daemon/instances/host-end.ts';
import { layDown } from '../../src/daemon/instances/forking.ts';
import type { House } from '../../src/daemon/instances/house.ts';
import type { Task } from '../../src/daemon/operations/engine.ts';
import { changeZones } from '../../src/daemon/zones/change-zones.ts';
import { StubHost } from './stub-host.ts';

beforeEach(() => { vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }); });
afterEach(() => { vi.useRealTimers(); });

const states = (house: House) => Object.fromEntries(house.registry.all.map(({ name, state }) => [name, state]));

/** Operations begin in a turn of their own, which is real. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => { setImmediate(resolve); });
    await vi.advanceTimersByTimeAsync(1_000);
  }
}

function wanted(host: StubHost, house: House, names: readonly string[]): void {
  for (const name of names) host.add(house, name).want({ running: true });
}

test('guests that boot and never answer do not keep the others waiting until they are given up', async () => {
  const host = new StubHost();
  const house = host.daemon();
  const dead = ['d1', 'd2', 'd3', 'd4'];
  host.answers = (name) => !dead.includes(name);
  wanted(host, house, [...dead, 'well', 'whole']);
  const coming = comeBack(house, 'the host\'s restart');
  await pass(130);
  expect(states(house)).toEqual({ d1: 'Starting', d2: 'Starting', d3: 'Starting', d4: 'Starting', well: 'Running', whole: 'Running' });
  await pass(600);
  expect((await coming).map((why) => why.split(' ')[0])).toEqual(dead);
  expect(states(house)).toEqual({ d1: 'Running', d2: 'Running', d3: 'Running', d4: 'Running', well: 'Running', whole: 'Running' });
});

/** Cards of these are on a bridge that the host has only after so many seconds. */
function bridgeAppears(host: StubHost, afterSeconds: number): void {
  const at = performance.now() + afterSeconds * 1_000;
  host.during.start = () => {
    if (performance.now() < at) throw fail('link-missing', 'the bridge br0, on which apollo has a card, does not exist');
  };
}

test('an instance on a bridge that the host has a moment later comes back', async () => {
  const host = new StubHost();
  const house = host.daemon();
  wanted(host, house, ['apollo']);
  bridgeAppears(host, 20);
  const coming = comeBack(house, 'the host\'s restart');
  await pass(15);
  expect(states(house)).toEqual({ apollo: 'Stopped' });
  await pass(30);
  expect(await coming).toEqual([]);
  expect(states(house)).toEqual({ apollo: 'Running' });
  expect(host.log.filter((line) => line.includes('did not come back'))).toEqual([]);
});

test('one whose bridge does not come in time is Stopped, stays wanted, and comes with the next daemon', async () => {
  const host = new StubHost();
  const house = host.daemon();
  wanted(host, house, ['apollo']);
  bridgeAppears(host, 3_600);
  const coming = comeBack(house, 'the host\'s restart');
  await pass(90);
  expect(await coming).toEqual(['apollo was not started: the bridge br0, on which apollo has a card, does not exist']);
  expect(house.registry.all[0]?.record).toMatchObject({ wanted: { running: true }, observed: { state: 'Stopped' } });
  delete host.during.start;
  const next = await host.nextDaemon();
  const again = comeBack(next, 'the host\'s restart');
  await pass(5);
  expect(await again).toEqual([]);
  expect(states(next)).toEqual({ apollo: 'Running' });
});

test('who stops it meanwhile, or cancels its start, has it stopped for good', async () => {
  const host = new StubHost();
  const house = host.daemon();
  wanted(host, house, ['apollo', 'artemis']);
  bridgeAppears(host, 30);
  const coming = comeBack(house, 'the host\'s restart');
  await pass(5);
  expect(() => act(house, 'apollo', { action: 'stop' })).not.toThrow();
  const calledOff = Promise.withResolvers<void>();
  host.during.start = async () => await calledOff.promise;
  await pass(12);
  for (const { id, kind, instance } of house.engine.running) if (kind === 'start' && instance === 'artemis') void house.engine.cancel(id);
  calledOff.reject(fail('machine-failed', 'it was called off'));
  await pass(60);
  await coming;
  expect(house.registry.all.map(({ state, record }) => [state, record.wanted.running])).toEqual([['Stopped', false], ['Stopped', false]]);
});

test('what fails for another reason is tried once', async () => {
  const host = new StubHost();
  const house = host.daemon();
  wanted(host, house, ['apollo']);
  let tries = 0;
  host.during.start = () => {
    tries += 1;
    throw fail('machine-failed', 'it is broken');
  };
  const coming = comeBack(house, 'the host\'s restart');
  await pass(70);
  expect(await coming).toEqual(['apollo was not started: it is broken']);
  expect(tries).toBe(1);
});

test.each(['launch', 'start', 'restart'])('who waits for a zone does not wait for a %s that somebody else has asked for', async (kind) => {
  const host = new StubHost();
  const house = host.daemon();
  wanted(host, house, ['apollo', 'artemis']);
  using _busy = house.registry.require('apollo').occupy({ operation: '', kind });
  const { id } = changeZones(house, { zones: ['zone1'], available: true });
  await pass(2);
  expect(house.engine.get(id).status).toBe('done');
  expect(states(house)).toEqual({ apollo: 'Stopped', artemis: 'Running' });
});

test('who waits for a zone may cancel that, and nothing more is started', async () => {
  const host = new StubHost();
  const house = host.daemon();
  wanted(host, house, ['apollo']);
  const busy = house.registry.require('apollo').occupy({ operation: '', kind: 'clone' });
  const { id } = changeZones(house, { zones: ['zone1'], available: true });
  await pass(2);
  expect(house.engine.get(id).status).toBe('running');
  expect((await house.engine.cancel(id)).status).toBe('cancelled');
  busy[Symbol.dispose]();
  await pass(5);
  expect(states(house)).toEqual({ apollo: 'Stopped' });
});

test('the host goes down again while they come: nobody is started any more, who just was is shut down, and all come with its next start', async () => {
  const host = new StubHost();
  const house = host.daemon();
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  wanted(host, house, names);
  const power = Promise.withResolvers<void>();
  const started: string[] = [];
  host.during.start = async (name) => {
    started.push(name);
    await power.promise;
  };
  const coming = comeBack(house, 'the host\'s restart');
  await pass(2);
  const begun = [...started];
  expect(begun.length).toBeLessThan(names.length);
  const down = shutDownGuests(house);
  await pass(2);
  power.resolve();
  await pass(20);
  await down;
  await coming;
  expect(started).toEqual(begun);
  expect(host.machines.size).toBe(0);
  expect(house.registry.all.map(({ state, record }) => [state, record.wanted.running])).toEqual(names.map(() => ['Stopped', true]));
  expect(() => act(house, 'a', { action: 'start' })).not.toThrow();
  await pass(2);
  expect(started).toEqual(begun);
  delete host.during.start;
  const next = await host.nextDaemon(true);
  const again = comeBack(next, 'the host\'s restart');
  await pass(5);
  expect(await again).toEqual([]);
  expect(states(next)).toEqual(Object.fromEntries(names.map((name) => [name, 'Running'])));
});

test('a launch that has no machine yet is taken back when the host goes down, and nobody waits for it', async () => {
  const host = new StubHost();
  const house = host.daemon();
  const apollo = host.add(house, 'apollo');
  apollo.settle('Starting');
  const { id } = house.engine.begin({
    kind: 'launch', instanceName: 'apollo', instanceId: apollo.id, request: {}, owner: 0,
    async body(task) {
      using _busy = apollo.occupy({ operation: task.id, kind: 'launch' });
      await new Promise((_, reject) => { task.signal.addEventListener('abort', () => reject(task.signal.reason as Error)); })
        .finally(() => house.registry.delete(apollo.id));
      return {};
    },
  });
  await pass(1);
  let isOver = false;
  void shutDownGuests(house).then(() => { isOver = true; });
  await pass(3);
  expect([isOver, house.engine.get(id).status]).toEqual([true, 'cancelled']);
  expect(host.log).toEqual([]);
});

test('a template is not to blame for a fork that the host\'s end refused', async () => {
  const host = new StubHost();
  const daemon = host.daemon();
  const removed: string[] = [];
  const templates = { find: () => Promise.resolve('key'), remove: (key: string) => Promise.resolve(void removed.push(key)) };
  const house: House = { ...daemon, driver: { ...daemon.driver, templates: templates as never } };
  const task = { signal: new AbortController().signal, step() {}, progress() {}, notice() {} } as unknown as Task;
  house.hostEnd.abort();
  await expect(layDown(house, host.add(house, 'apollo'), { cold: false }, task)).rejects.toMatchObject({ code: 'daemon-stopping' });
  expect([removed, host.log]).toEqual([[], []]);
});
