/** A stop that comes later, on a real daemon with fake machines. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { WireAction } from '../../src/api/schemas.ts';
import { openDb } from '../../src/store/db.ts';
import { instanceStore } from '../../src/store/instances.ts';
import { makeFakeHome, type FakeHome } from './fake-home.ts';

let home: FakeHome;
beforeAll(async () => {
  home = await makeFakeHome();
  await home.start();
  await home.client.follow((await home.client.call('launch', { body: { name: 'apollo', image: `sha256:${home.image}`, cold: true } })).id, () => {});
}, 60_000);
afterAll(() => home[Symbol.asyncDispose](), 60_000);

const act = async (body: WireAction) => await home.client.follow((await home.client.call('act', { params: { name: 'apollo' }, body })).id, () => {});
beforeEach(async () => { await act({ action: 'start' }); });
const state = async () => (await home.client.call('getInstance', { params: { name: 'apollo' } })).state;
const heard = async () => {
  const { id } = await home.client.call('getInstance', { params: { name: 'apollo' } });
  return await readFile(join(home.directory, 'instances', id, 'wall'), 'utf8').catch(() => '');
};
/** As if that time had passed while no daemon ran. */
const setBack = async (minutes: number) => {
  await home.kill();
  using db = openDb(join(home.directory, 'holdfast.db'));
  const store = instanceStore(db);
  const [record] = store.all();
  if (record?.instance.spec.stopAt === undefined) throw new Error('no stop is recorded');
  store.setSpec(record.instance.id, { ...record.instance.spec, stopAt: new Date(Date.parse(record.instance.spec.stopAt) - minutes * 60_000).toISOString() });
};

const LONG = { timeout: 60_000 };

test('it is told inside, shown outside, and called off by --cancel', LONG, async () => {
  expect(await act({ action: 'stop', delayMinutes: 10 })).toMatchObject({ status: 'done', error: null });
  expect(await state()).toBe('Delayed Shutdown');
  expect(await heard()).toBe('This machine will be stopped in 10 minutes. Called off on its host by: holdfast stop --cancel apollo\n');
  await act({ action: 'stop', cancel: true });
  expect(await state()).toBe('Running');
  expect(await heard()).toContain('The stop of this machine was called off.\n');
  expect((await act({ action: 'stop', cancel: true })).error).toBeNull();
});

test('a start calls it off, and so does a restart; a stop does not wait for it', LONG, async () => {
  for (const action of ['start', 'restart'] as const) {
    await act({ action: 'stop', delayMinutes: 10 });
    await act({ action });
    expect(await state()).toBe('Running');
  }
  await act({ action: 'stop', delayMinutes: 10 });
  await act({ action: 'stop' });
  expect(await state()).toBe('Stopped');
  await act({ action: 'start' });
  expect(await state()).toBe('Running');
});

test('it outlives the daemon, and what should have come meanwhile comes at once', LONG, async () => {
  await act({ action: 'stop', delayMinutes: 10 });
  await setBack(5);
  await home.start();
  expect(await state()).toBe('Delayed Shutdown');
  await setBack(6);
  await home.start();
  await expect.poll(state, { timeout: 20_000 }).toBe('Stopped');
});

test('what does not run cannot be stopped later; what is stopped stays so', LONG, async () => {
  await act({ action: 'suspend' });
  await expect(act({ action: 'stop', delayMinutes: 5 })).rejects.toMatchObject({ code: 'wrong-state', hint: 'give up what was saved, and stop it: holdfast stop --force apollo' });
  await act({ action: 'stop', force: true });
  expect((await act({ action: 'stop', delayMinutes: 5 })).error).toBeNull();
  expect(await state()).toBe('Stopped');
});
