/** What occupies an instance and is no operation: who waits for it, and what goes before it. */
import { expect, test } from 'vitest';
import { makeDoctor } from '../../src/daemon/doctor/doctor.ts';
import { act } from '../../src/daemon/instances/actions.ts';
import type { House } from '../../src/daemon/instances/house.ts';
import { makeSettings } from '../../src/daemon/settings/settings.ts';
import { changeZones } from '../../src/daemon/zones/change-zones.ts';
import { broken } from '../../src/drivers/check.ts';
import { StubHost } from './stub-host.ts';

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
  expect(() => act(house, 'apollo', { action: 'restart' })).toThrow('apollo is busy: doctor --fix is under way');
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
