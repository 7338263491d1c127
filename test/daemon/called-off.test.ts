/** What occupies an instance and is no operation: who waits for it, and what goes before it. */
import { expect, test, vi } from 'vitest';
import { fail } from '../../src/core/errors.ts';
import { makeDoctor } from '../../src/daemon/doctor/doctor.ts';
import { act } from '../../src/daemon/instances/actions.ts';
import type { House } from '../../src/daemon/instances/house.ts';
import { takeSnapshot } from '../../src/daemon/instances/snapshots.ts';
import { makeSettings } from '../../src/daemon/settings/settings.ts';
import { changeZones } from '../../src/daemon/zones/change-zones.ts';
import { broken } from '../../src/drivers/check.ts';
import { StubHost } from './stub-host.ts';
import type { Supervisor } from '../../src/daemon/supervisor.ts';

const never = new AbortController().signal;
const stopsForced = async (house: House) => await house.engine.ended(act(house, 'apollo', { action: 'stop', force: true }).id);
const zoneCloses = async (house: House) => await house.engine.ended(changeZones(house, { zones: ['zone1'], available: false }).id);
const deletes = async (house: House) => await house.engine.ended(act(house, 'apollo', { action: 'delete' }).id);

/** Mends for ever: the mending that a package manager does, in a guest that hangs. */
function mendingDriver(host: StubHost, begun: () => void): House {
  const plain = host.daemon();
  const examine = {
    host: () => [],
    machine: () => [{
      id: 'process', layer: 'machine' as const, title: 'its process', deadlineMs: 1_000,
      run: () => Promise.resolve(broken('it ails', 'mend it', { deadlineMs: 420_000, run: () => { begun(); return new Promise<string>(() => {}); } })),
    }],
  };
  return { ...plain, driver: { ...plain.driver, examine } };
}

test.each([
  ['a forced stop', stopsForced, 'apollo is being stopped or deleted', 'Stopped'],
  ['a delete', deletes, 'apollo is being stopped or deleted', 'Deleted'],
  ['the end of its zone', zoneCloses, 'its zone, zone1, is not available any more', 'Stopped'],
] as const)('%s calls off a doctor at work', async (_what, asks, why, state) => {
  const host = new StubHost();
  const begun = Promise.withResolvers<void>();
  const house = mendingDriver(host, () => begun.resolve());
  const apollo = host.add(house, 'apollo');
  await house.engine.ended(act(house, 'apollo', { action: 'start' }).id);
  const mended = makeDoctor({ layout: undefined as never, version: '0' }).instance(house, 'apollo', true, never);
  const told = expect(mended).rejects.toMatchObject({ code: 'cancelled', message: `it was called off: ${why}` });
  await begun.promise;
  // Another command is told that it is busy, as before.
  expect(() => act(house, 'apollo', { action: 'restart' })).toThrow(expect.objectContaining({
    message: 'apollo is busy: doctor --fix is under way', hint: 'wait for it to end; how it stands: holdfast info apollo',
  }) as Error);
  expect((await asks(house)).error).toBeNull();
  await told;
  expect([apollo.observed, apollo.machine, apollo.occupation]).toEqual([state, undefined, undefined]);
});

test('a zone that is closed while the size of one of its instances is changed waits for that, and closes', async () => {
  const host = new StubHost();
  const house = host.daemon();
  host.add(house, 'apollo');
  const other = host.add(house, 'hermes');
  await house.engine.ended(act(house, 'hermes', { action: 'start' }).id);
  const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  host.during.modify = async () => {
    begun.resolve();
    await goOn.promise;
  };
  const set = makeSettings(house).set('local.apollo.cpus', { value: '2' });
  await begun.promise;
  const closed = zoneCloses(house);
  await expect.poll(() => other.machine).toBeUndefined();
  goOn.resolve();
  expect((await closed).error).toBeNull();
  expect((await set).value).toBe('2');
});

const suspends = (house: House) => act(house, 'apollo', { action: 'suspend' }).id;
const snaps = (house: House) => takeSnapshot(house, 'apollo', { live: true }).id;
const purges = async (house: House) => await house.engine.ended(act(house, 'apollo', { action: 'delete', purge: true }).id);

/** One that runs and hangs: what is asked of its machine over a save fails when that is killed, and not before. @returns the save's operation */
async function hungOver(host: StubHost, house: House, begins: (house: House) => string): Promise<{ apollo: Supervisor; save: string }> {
  const apollo = host.add(house, 'apollo');
  await house.engine.ended(act(house, 'apollo', { action: 'start' }).id);
  const machine = host.machines.get(apollo.id);
  if (!machine) throw new Error('it does not run');
  const { promise: gone, reject } = Promise.withResolvers<void>();
  gone.catch(() => {});
  const kill = machine.kill.bind(machine);
  machine.kill = async () => {
    await kill();
    reject(fail('machine-failed', 'the machine\'s monitor is gone'));
  };
  const begun = Promise.withResolvers<void>();
  const hangs = async () => {
    begun.resolve();
    await gone;
  };
  host.during.suspend = hangs;
  host.during.freezeLive = hangs;
  const save = begins(house);
  await begun.promise;
  return { apollo, save };
}

test.each([
  ['a forced stop', 'suspend', stopsForced, suspends],
  ['a forced stop', 'snapshot of what runs', stopsForced, snaps],
  ['a purge', 'suspend', purges, suspends],
  ['a purge', 'snapshot of what runs', purges, snaps],
] as const)('%s waits for no machine that hangs over a %s', async (what, _over, asks, begins) => {
  const host = new StubHost();
  const house = host.daemon();
  const { apollo, save } = await hungOver(host, house, begins);
  expect((await asks(house)).error).toBeNull();
  expect(await house.engine.ended(save)).toMatchObject({ status: 'cancelled', error: { message: 'apollo is being stopped or deleted' } });
  expect([apollo.machine, apollo.occupation, apollo.record.wanted.running]).toEqual([undefined, undefined, false]);
  if (what === 'a forced stop') expect(apollo.observed).toBe('Stopped');
  else expect(house.registry.all).toEqual([]);
});

test('a zone that is closed leaves a suspend the time to end, and ends a machine that hangs over it, which comes back with it', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const host = new StubHost();
    const house = host.daemon();
    const { apollo, save } = await hungOver(host, house, suspends);
    const { id } = changeZones(house, { zones: ['zone1'], available: false });
    await new Promise<void>((resolve) => { house.engine.follow(id, ({ stage }) => { if (stage.startsWith('Halting')) resolve(); }); });
    await vi.advanceTimersByTimeAsync(59_000);
    expect(apollo.machine).toBeDefined();
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await house.engine.ended(id)).error).toBeNull();
    expect((await house.engine.ended(save)).status).toBe('cancelled');
    expect([apollo.observed, apollo.machine, apollo.record.wanted.running]).toEqual(['Stopped', undefined, true]);
  } finally {
    vi.useRealTimers();
  }
});
