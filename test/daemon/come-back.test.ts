/** The host is restarted: what ran comes back, what is to start with it is started, and nothing else. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { WireAction } from '../../src/api/schemas.ts';
import { openDb } from '../../src/store/db.ts';
import { instanceStore } from '../../src/store/instances.ts';
import { settingStore } from '../../src/store/settings.ts';
import { makeFakeHome, type FakeHome } from './fake-home.ts';

let home: FakeHome;
beforeEach(async () => { home = await makeFakeHome(); });
afterEach(async () => {
  vi.unstubAllEnvs();
  await home[Symbol.asyncDispose]();
});

const LONG = { timeout: 60_000 };
const act = async (name: string, body: WireAction) => await home.client.follow((await home.client.call('act', { params: { name }, body })).id, () => {});
const launch = async (name: string) => await home.client.follow((await home.client.call('launch', { body: { name, image: `sha256:${home.image}` } })).id, () => {});
const autostart = (name: string) => home.client.call('putSetting', { params: { key: `local.${name}.autostart` }, body: { value: 'true' } });
const states = async () => Object.fromEntries((await home.client.call('listInstances', {})).instances.map(({ name, state }) => [name, state]));
const killMachines = async (): Promise<void> => {
  for (const line of await home.processes()) if (line.includes('machine-process')) process.kill(Number(line.split(' ')[0]), 'SIGKILL');
};

/** As a restart of the host looks from here: nothing runs any more, and it says another boot id than the one that is recorded. */
async function restartHost(): Promise<void> {
  await home.kill();
  await killMachines();
  using db = openDb(join(home.directory, 'holdfast.db'));
  settingStore(db).set('host.boot-id', 'of another start');
}

test('what ran comes back, what was stopped stays so, and what has autostart is started from whatever it was', LONG, async () => {
  await home.start();
  for (const name of ['ran', 'stopped', 'auto', 'saved', 'crashed', 'deleted']) await launch(name);
  for (const name of ['auto', 'saved', 'crashed', 'deleted']) await autostart(name);
  expect(await home.client.call('getSetting', { params: { key: 'local.auto.autostart' } })).toMatchObject({ value: 'true' });
  for (const name of ['stopped', 'auto']) await act(name, { action: 'stop' });
  await act('saved', { action: 'suspend' });
  await act('deleted', { action: 'delete' });
  await restartHost();
  await home.start();
  await expect.poll(states, { timeout: 20_000 }).toEqual({ ran: 'Running', stopped: 'Stopped', auto: 'Running', saved: 'Running', crashed: 'Running', deleted: 'Deleted' });
});

/** A systemctl that says so of the manager. */
async function managerSays(state: string): Promise<void> {
  const bin = join(home.directory, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'systemctl'), `#!/bin/sh\necho ${state}\n[ ${state} = running ]\n`, { mode: 0o755 });
  vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`);
  vi.stubEnv('INVOCATION_ID', 'f'.repeat(32));
}

test('at a shutdown of the host the guests are shut down before it, and come back with it', LONG, async () => {
  await managerSays('stopping');
  await home.start();
  for (const name of ['one', 'two', 'stopped', 'saved']) await launch(name);
  await act('stopped', { action: 'stop' });
  await act('saved', { action: 'suspend' });
  home.signal('SIGTERM');
  await home.died();
  expect((await home.processes()).filter((line) => line.includes('machine-process'))).toEqual([]);
  await home.start();
  await expect.poll(states, { timeout: 20_000 }).toEqual({ one: 'Running', two: 'Running', stopped: 'Stopped', saved: 'Suspended' });
});

test('what the host\'s shutdown ended before the daemon was told comes back too; what had crashed before has crashed', LONG, async () => {
  await managerSays('stopping');
  await home.start();
  await launch('before');
  await killMachines();
  await expect.poll(states, { timeout: 20_000 }).toEqual({ before: 'Crashed' });
  await home.kill();
  {
    using db = openDb(join(home.directory, 'holdfast.db'));
    const store = instanceStore(db);
    for (const { instance, observed } of store.all()) store.setObserved(instance.id, { ...observed, at: new Date(Date.now() - 3_600_000).toISOString() });
  }
  await home.start();
  await launch('with');
  await killMachines();
  await expect.poll(states, { timeout: 20_000 }).toEqual({ before: 'Crashed', with: 'Crashed' });
  home.signal('SIGTERM');
  await home.died();
  await home.start();
  await expect.poll(states, { timeout: 20_000 }).toEqual({ before: 'Crashed', with: 'Running' });
});

test('where the manager goes on, the end of the daemon is nothing to the guests', LONG, async () => {
  await managerSays('running');
  await home.start();
  await launch('one');
  const machine = (await home.processes()).filter((line) => line.includes('machine-process'));
  home.signal('SIGTERM');
  await home.died();
  expect((await home.processes()).filter((line) => line.includes('machine-process'))).toEqual(machine);
  await home.start();
  expect(await states()).toEqual({ one: 'Running' });
});

test('a restart of the daemon alone starts nothing', LONG, async () => {
  await home.start();
  await launch('auto');
  await launch('killed');
  await autostart('auto');
  await act('auto', { action: 'stop' });
  await home.kill();
  await killMachines();
  await home.start();
  expect(await states()).toEqual({ auto: 'Stopped', killed: 'Crashed' });
});

test('one that cannot be started keeps no other waiting, and the log says what to do', LONG, async () => {
  await home.start();
  for (const name of ['broken', 'whole', 'well']) await launch(name);
  const { id } = await home.client.call('getInstance', { params: { name: 'broken' } });
  await restartHost();
  await rm(join(home.directory, 'instances', id), { recursive: true });
  await home.start();
  await expect.poll(states, { timeout: 20_000 }).toEqual({ broken: 'Stopped', whole: 'Running', well: 'Running' });
  const log = await home.client.logs('broken');
  let text = '';
  for await (const chunk of log) text += Buffer.from(chunk).toString();
  expect(text).toContain('broken did not come back after the host\'s restart: broken has no machine to start; start it: holdfast start broken');
});

test('a daemon that dies while they come back leaves the rest to the next', LONG, async () => {
  await home.start();
  for (const name of ['first', 'second']) await launch(name);
  await restartHost();
  await home.start('start:reach');
  await home.died();
  await home.start();
  await expect.poll(states, { timeout: 20_000 }).toEqual({ first: 'Running', second: 'Running' });
});

test('who stops what is still to come has it stopped', LONG, async () => {
  await home.start();
  // More than are started at once, and slow.
  const names = Array.from({ length: 6 }, (_, index) => `m${index}`);
  for (const name of names) await launch(name);
  for (const name of names) {
    const { id } = await home.client.call('getInstance', { params: { name } });
    await writeFile(join(home.directory, 'instances', id, 'faults.json'), JSON.stringify({ bootMs: 1_500 }));
  }
  await restartHost();
  await home.start();
  expect((await states())['m5']).toBe('Stopped');
  await act('m5', { action: 'stop' });
  await expect.poll(states, { timeout: 30_000 }).toEqual({ ...Object.fromEntries(names.map((name) => [name, 'Running'])), m5: 'Stopped' });
});
