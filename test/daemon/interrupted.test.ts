/** What becomes of an instance on which something was under way when its daemon ended, and its machine with it or not. */
import { describe, expect, test, vi } from 'vitest';
import type { Mount } from '../../src/core/mounts/mount.ts';
import { adopted } from '../../src/daemon/instances/adopt.ts';
import { comeBack } from '../../src/daemon/instances/come-back.ts';
import type { House } from '../../src/daemon/instances/house.ts';
import { act } from '../../src/daemon/instances/actions.ts';
import { StubHost } from './stub-host.ts';

const seen = (house: House) => house.registry.all.map(({ name, state, reason }) => [name, state, reason]);

/** One that runs, and something that its daemon leaves. */
async function left(kind: string, request: object): Promise<{ host: StubHost; operation: string }> {
  const host = new StubHost();
  const house = host.daemon();
  const apollo = host.add(house, 'apollo');
  expect((await house.engine.ended(act(house, 'apollo', { action: 'start' }).id)).error).toBeNull();
  expect(apollo.state).toBe('Running');
  await apollo.detach();
  return { host, operation: host.leave(apollo, kind, request).id };
}

const CARD = { slot: 1, mac: '52:54:00:00:01:01', network: 'br0', mode: 'manual', address: null, seeded: false };

test.each([
  ['net-attach', { attach: CARD }],
  ['net-repair', { change: 'repair' }],
  ['snapshot', { id: '0'.repeat(16), name: 'snapshot1', comment: '', live: true }],
  ['suspend', { action: 'suspend' }],
] as const)('%s, and the host lost its power: the instance comes back with it', async (kind, request) => {
  const { host, operation } = await left(kind, request);
  host.loseMachines();
  const house = await host.nextDaemon(true);
  expect(seen(house)).toEqual([['apollo', 'Stopped', 'the host was restarted']]);
  // As serve does it, which has begun the operations by then.
  await new Promise((resolve) => { setImmediate(resolve); });
  expect(await comeBack(house, 'the host\'s restart')).toEqual([]);
  expect(seen(house)).toEqual([['apollo', 'Running', null]]);
  await house.engine.ended(operation);
});

test('the driver knows of the host\'s restart though the home does not remember its last boot: the instance comes back', async () => {
  const host = new StubHost();
  const before = host.daemon();
  const apollo = host.add(before, 'apollo');
  apollo.want({ running: true });
  apollo.settle('Running');
  host.ends.set(apollo.id, { kind: 'died', reason: 'the host was restarted while it ran', hostRestarted: true });
  const house = await host.nextDaemon();
  expect(seen(house)).toEqual([['apollo', 'Stopped', 'the host was restarted']]);
  expect(await comeBack(house, 'the host\'s restart')).toEqual([]);
  expect(seen(house)).toEqual([['apollo', 'Running', null]]);
});

test.each(['reach', 'initialise', 'settle'])('a launch whose guest ran (step %s), and the host lost its power: the instance comes back with it', async (step) => {
  const host = new StubHost();
  const before = host.daemon();
  const apollo = host.add(before, 'apollo');
  apollo.want({ running: true });
  apollo.settle('Starting');
  const operation = host.leave(apollo, 'launch', {}, step).id;
  const house = await host.nextDaemon(true);
  await new Promise((resolve) => { setImmediate(resolve); });
  const coming = comeBack(house, 'the host\'s restart');
  expect((await house.engine.ended(operation)).error).toMatchObject({ code: 'cancelled', message: 'the host was restarted before apollo had finished starting' });
  expect(await coming).toEqual([]);
  expect(seen(house)).toEqual([['apollo', 'Running', null]]);
});

test.each([
  ['net-attach', { attach: CARD }],
  ['suspend', { action: 'suspend' }],
] as const)('%s, and the machine is gone while the host went on: it crashed, and a start starts it', async (kind, request) => {
  const { host, operation } = await left(kind, request);
  host.loseMachines();
  const house = await host.nextDaemon();
  await house.engine.ended(operation);
  expect(seen(house)).toEqual([['apollo', 'Crashed', 'its machine ended while no daemon was watching']]);
  expect((await house.engine.ended(act(house, 'apollo', { action: 'start' }).id)).error).toBeNull();
  expect(seen(house)).toEqual([['apollo', 'Running', null]]);
});

test('a suspend whose machine is gone with nothing saved says so', async () => {
  const { host, operation } = await left('suspend', { action: 'suspend' });
  host.loseMachines();
  const house = await host.nextDaemon();
  expect((await house.engine.ended(operation)).error).toMatchObject({ code: 'machine-failed', message: 'apollo was not suspended: its machine ended before its memory was saved' });
});

test.each([
  [{ kind: 'died', reason: 'it was killed (SIGKILL)' }, 'Crashed', 'it was killed (SIGKILL)', true],
  [{ kind: 'powered-off' }, 'Stopped', null, false],
] as const)('a machine that ends while it is suspended (%o) is what that makes it, and not Running', async (end, state, reason, wanted) => {
  const host = new StubHost();
  const house = host.daemon();
  const apollo = host.add(house, 'apollo');
  await house.engine.ended(act(house, 'apollo', { action: 'start' }).id);
  host.during.suspend = () => {
    host.machines.get(apollo.id)?.finish(end);
    throw new Error('the machine\'s monitor is gone');
  };
  expect((await house.engine.ended(act(house, 'apollo', { action: 'suspend' }).id)).error).not.toBeNull();
  expect(seen(house)).toEqual([['apollo', state, reason]]);
  expect([apollo.machine, apollo.record.wanted.running]).toEqual([undefined, wanted]);
});

test('a suspend that fails leaves a machine that runs as it was', async () => {
  const host = new StubHost();
  const house = host.daemon();
  const apollo = host.add(house, 'apollo');
  await house.engine.ended(act(house, 'apollo', { action: 'start' }).id);
  host.during.suspend = () => { throw new Error('there is no space'); };
  expect((await house.engine.ended(act(house, 'apollo', { action: 'suspend' }).id)).error).not.toBeNull();
  expect(seen(house)).toEqual([['apollo', 'Running', null]]);
  host.machines.get(apollo.id)?.finish({ kind: 'died', reason: 'it was killed' });
  expect(seen(house)).toEqual([['apollo', 'Crashed', 'it was killed']]);
});

test('a suspend that had saved, and one that had not begun, end with it suspended', async () => {
  for (const saved of [true, false]) {
    const { host, operation } = await left('suspend', { action: 'suspend' });
    const [id = ''] = host.machines.keys();
    if (saved) {
      host.loseMachines();
      host.suspended.add(id);
    }
    const house = await host.nextDaemon();
    expect((await house.engine.ended(operation)).error).toBeNull();
    expect(seen(house)).toEqual([['apollo', 'Suspended', null]]);
    expect(house.registry.all[0]?.record.wanted.running).toBe(false);
  }
});

test.each([
  ['net-attach', { attach: CARD }, null],
  // Of a stop that fails it is as it was.
  ['stop', { action: 'stop', delayMinutes: 5 }, null],
] as const)('%s, and its machine answers late: it is not Unknown for good', async (kind, request, error) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const { host, operation } = await left(kind, request);
    const answer = Promise.withResolvers<void>();
    host.during.adopt = () => answer.promise;
    const taken = host.nextDaemon();
    await vi.advanceTimersByTimeAsync(3_000);
    const house = await taken;
    expect(house.registry.all.map(({ state }) => state)).toEqual(['Unknown']);
    answer.resolve();
    expect((await house.engine.ended(operation)).error).toEqual(error);
    expect(house.registry.all.map(({ observed, machine }) => [observed, machine !== undefined])).toEqual([['Running', true]]);
  } finally {
    vi.useRealTimers();
  }
});

/** In this state when its daemon ends, with nothing of it that runs. */
function atRest(state: 'Stopped' | 'Deleted' | 'Crashed', wanted: Partial<{ running: boolean; deleted: boolean }>): StubHost {
  const host = new StubHost();
  const apollo = host.add(host.daemon(), 'apollo');
  apollo.want(wanted);
  apollo.settle(state, 'as it was');
  return host;
}

test.each([
  ['Deleted', { deleted: true }],
  // It was to come back with the host, and has not yet.
  ['Stopped', { running: true }],
  ['Crashed', { running: true }],
] as const)('one that is %s is so still, however late what is left of it can be looked at, and where it cannot', async (state, wanted) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    for (const outcome of ['late', 'failed'] as const) {
      const host = atRest(state, wanted);
      const answer = Promise.withResolvers<void>();
      host.during.adopt = () => answer.promise;
      const taken = host.nextDaemon();
      await vi.advanceTimersByTimeAsync(3_000);
      const house = await taken;
      expect(seen(house)).toEqual([['apollo', state, 'as it was']]);
      if (outcome === 'late') answer.resolve();
      else answer.reject(new Error('the disk hangs'));
      for (const supervisor of house.registry.all) await adopted(supervisor);
      expect(seen(house)).toEqual([['apollo', state, 'as it was']]);
    }
  } finally {
    vi.useRealTimers();
  }
});

test('one that was called Unknown when it had been deleted is deleted', async () => {
  const host = atRest('Deleted', { deleted: true });
  const house = host.daemon();
  const [record] = house.store.all();
  house.store.setObserved(record?.instance.id ?? '', { state: 'Unknown', reason: 'it is still being taken over', at: new Date().toISOString() });
  expect(seen(await host.nextDaemon())).toEqual([['apollo', 'Deleted', null]]);
});

test('a start waits until nobody takes the machine over any more', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const host = atRest('Stopped', {});
    const answer = Promise.withResolvers<void>();
    host.during.adopt = () => answer.promise;
    const taken = host.nextDaemon();
    await vi.advanceTimersByTimeAsync(3_000);
    const house = await taken;
    const started = Promise.withResolvers<string>();
    host.during.start = () => started.resolve('started');
    const operation = act(house, 'apollo', { action: 'start' }).id;
    await new Promise((resolve) => { setImmediate(resolve); });
    expect(await Promise.race([started.promise, new Promise((resolve) => { setImmediate(resolve, 'waits'); })])).toBe('waits');
    answer.resolve();
    expect((await house.engine.ended(operation)).error).toBeNull();
    expect(seen(house)).toEqual([['apollo', 'Running', null]]);
  } finally {
    vi.useRealTimers();
  }
});

describe('what an older daemon has not done, in the form that its requests had', () => {
  const MOUNT: Mount = { source: '/home/ada', target: '/srv', person: { uid: 0, gid: 0 }, uids: [], gids: [] };
  const stopped = (mounts?: readonly Mount[]) => {
    const host = new StubHost();
    const house = host.daemon();
    return { host, house, apollo: host.add(house, 'apollo', mounts ? { mounts } : {}) };
  };

  test('a purge takes all that is deleted', async () => {
    const { host, house, apollo } = stopped();
    host.add(house, 'artemis');
    apollo.want({ deleted: true });
    apollo.settle('Deleted');
    const { id } = host.leave(undefined, 'purge', {});
    const next = await host.nextDaemon();
    expect((await next.engine.ended(id)).error).toBeNull();
    expect(seen(next)).toEqual([['artemis', 'Stopped', null]]);
  });

  test('a restore brings the mounts of the snapshot', async () => {
    const { host, house, apollo } = stopped();
    house.snapshots.add(apollo.id, { id: 's', name: 'one', comment: '', parent: null, live: false, createdAt: new Date().toISOString(), spec: { ...apollo.record.instance.spec, mounts: [MOUNT] } });
    const { id } = host.leave(apollo, 'restore', { snapshot: 's', before: { id: 'b', name: 'two', comment: '' } });
    const next = await host.nextDaemon();
    expect((await next.engine.ended(id)).error).toBeNull();
    expect(next.registry.require('apollo').record.instance.spec.mounts).toEqual([MOUNT]);
  });

  test('a clone has the mounts of its original', async () => {
    const { host, apollo } = stopped([MOUNT]);
    const { id } = host.leave(apollo, 'clone', { name: 'artemis', id: '0badcafe', layer: 'a'.repeat(16) });
    const next = await host.nextDaemon();
    expect((await next.engine.ended(id)).error).toBeNull();
    expect(next.registry.require('artemis').record.instance.spec.mounts).toEqual([MOUNT]);
  });

  test.each(['mount', 'umount'])('a %s that does not say of what is told to be done again', async (kind) => {
    const { host, apollo } = stopped();
    const { id } = host.leave(apollo, kind, {});
    const next = await host.nextDaemon();
    expect(await next.engine.ended(id)).toMatchObject({ error: { code: 'cancelled', message: `${kind} was interrupted when the daemon ended`, hint: 'do it again' } });
    expect(host.log.filter((line) => line.startsWith('bug'))).toEqual([]);
  });
});
