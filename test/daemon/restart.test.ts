/** A restart shuts a guest down; only one that neither hears its lanes nor its power button is reset. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Faults } from '../../src/drivers/fake/protocol.ts';
import { makeFakeHome, type FakeHome } from './fake-home.ts';

let home: FakeHome;
let directory: string;
beforeEach(async () => {
  home = await makeFakeHome();
  await home.start();
  await home.client.follow((await home.client.call('launch', { body: { name: 'apollo', image: `sha256:${home.image}` } })).id, () => {});
  const [id = ''] = await home.traces();
  directory = join(home.directory, 'instances', id);
  await writeFile(join(directory, 'console.log'), '');
});
afterEach(async () => { await home[Symbol.asyncDispose](); });

const fault = (faults: Faults) => writeFile(join(directory, 'faults.json'), JSON.stringify(faults));
const begin = (timeoutSeconds = 60) => home.client.call('act', { params: { name: 'apollo' }, body: { action: 'restart', timeoutSeconds } });
const ended = async (id: string) => await home.client.follow(id, () => {});
const state = async () => (await home.client.call('listInstances', {})).instances[0]?.state;
/** What befell it, in order; each boot says what kernel it has. */
const befell = async (): Promise<string[]> => (await readFile(join(directory, 'console.log'), 'utf8')).match(/^reset|^rebooted|Linux version/gm) ?? [];

test('a guest that answers reboots by itself', { timeout: 30_000 }, async () => {
  expect(await ended((await begin()).id)).toMatchObject({ error: null, notices: [] });
  expect([await befell(), await state()]).toEqual([['rebooted', 'Linux version'], 'Running']);
});

test('one that is in its boot is told when it answers, by the next daemon too', { timeout: 60_000 }, async () => {
  await fault({ bootMs: 1_500 });
  const first = await begin();
  await expect.poll(befell).toEqual(['rebooted', 'Linux version']);
  await home.kill();
  await home.start();
  expect(await ended(first.id)).toMatchObject({ error: null, notices: [] });
  expect([await befell(), await state()]).toEqual([['rebooted', 'Linux version', 'rebooted', 'Linux version'], 'Running']);
});

test('one that does not answer, but hears its power button, is shut down and started', { timeout: 60_000 }, async () => {
  await fault({ lane: 'silent' });
  const { id } = await begin();
  await expect.poll(befell, { timeout: 40_000 }).toEqual(['Linux version']);
  await fault({});
  expect(await ended(id)).toMatchObject({ error: null, notices: [] });
  expect([await befell(), await state()]).toEqual([['Linux version'], 'Running']);
});

test('one that hears nothing is reset, which is told', { timeout: 60_000 }, async () => {
  await fault({ lane: 'silent', ignoresPowerButton: true });
  const { id } = await begin(24);
  await expect.poll(async () => (await home.client.call('getOperation', { params: { id } })).stage, { timeout: 20_000 }).toContain('power button');
  await fault({});
  const { error, notices } = await ended(id);
  expect(error).toBeNull();
  expect(notices).toEqual([expect.stringMatching(/^apollo neither answered nor shut down within \d s, and was reset$/)]);
  expect([await befell(), await state()]).toEqual([['reset', 'Linux version'], 'Running']);
});
