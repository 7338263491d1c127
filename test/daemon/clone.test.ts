/** Clones on a real daemon with fake machines. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { WireAction } from '../../src/api/schemas.ts';
import { CLONE_STEPS } from '../../src/daemon/instances/clone.ts';
import { listen } from '../faults/events.ts';
import { makeFakeHome, type FakeHome } from './fake-home.ts';

let home: FakeHome;
beforeEach(async () => { home = await makeFakeHome(); });
afterEach(async () => { await home[Symbol.asyncDispose](); });

const LONG = { timeout: 60_000 };
const follow = async (begun: Promise<{ id: string }>) => await home.client.follow((await begun).id, () => {});
const act = async (name: string, body: WireAction) => await follow(home.client.call('act', { params: { name }, body }));
const clone = async (name?: string) => await follow(home.client.call('clone', { params: { name: 'apollo' }, body: name === undefined ? {} : { name } }));
const instance = (name: string) => home.client.call('getInstance', { params: { name } });
const file = async (name: string) => join(home.directory, 'instances', (await instance(name)).id, 'mark');
const states = async () => Object.fromEntries((await home.client.call('listInstances', {})).instances.map(({ name, state }) => [name, state]));

async function stopped(): Promise<void> {
  await home.start();
  await launchedAndStopped();
}

async function launchedAndStopped(): Promise<void> {
  await follow(home.client.call('launch', { body: { name: 'apollo', image: `sha256:${home.image}`, cold: true, cpus: 3, zone: '2', cloudInit: Buffer.from('#cloud-config\n').toString('base64') } }));
  await act('apollo', { action: 'stop' });
  await writeFile(await file('apollo'), 'what it had');
}

test('a clone has the disk, the size and the zone, and nothing that says which machine it is', LONG, async () => {
  await stopped();
  await follow(home.client.call('takeSnapshot', { params: { name: 'apollo' }, body: {} }));
  expect(await clone()).toMatchObject({ error: null, result: { name: 'apollo-clone1' } });
  expect((await clone()).result).toEqual({ name: 'apollo-clone2' });
  const [source, made] = [await instance('apollo'), await instance('apollo-clone1')];
  expect(made).toMatchObject({ state: 'Stopped', cpus: 3, zone: { name: 'zone2' }, snapshotCount: 0, image: source.image });
  for (const key of ['id', 'mac', 'name'] as const) expect(made[key]).not.toBe(source[key]);
  expect(await readFile(await file('apollo-clone1'), 'utf8')).toBe('what it had');
  for (const name of ['apollo', 'apollo-clone1', 'apollo-clone2']) expect((await act(name, { action: 'start' })).error).toBeNull();
  await act('apollo', { action: 'delete', purge: true });
  expect(await states()).toEqual({ 'apollo-clone1': 'Running', 'apollo-clone2': 'Running' });
});

test('whoever listens hears of each instance from the moment that it is there', LONG, async () => {
  await home.start();
  await using events = await listen(home.directory);
  await launchedAndStopped();
  await clone();
  await act('apollo-clone1', { action: 'delete', purge: true });
  await events.first('the last of it', ({ event }) => event.type === 'instance-state' && event.state === 'Deleted', 10_000);
  const heard = events.heard.flatMap(({ event }) => (event.type === 'instance-state' ? [`${event.instance} ${event.state}`] : []));
  expect(heard.filter((each, index) => each !== heard[index - 1])).toEqual(['apollo Starting', 'apollo Running', 'apollo Stopped', 'apollo-clone1 Stopped', 'apollo-clone1 Deleted']);
});

test('what is refused makes nothing', LONG, async () => {
  await stopped();
  await expect(clone('apollo')).rejects.toMatchObject({ code: 'instance-exists' });
  await expect(clone('no_name')).rejects.toMatchObject({ code: 'bad-name' });
  await act('apollo', { action: 'start' });
  await expect(clone()).rejects.toMatchObject({ code: 'wrong-state', message: 'Holdfast can only clone stopped instances.', hint: 'apollo is Running; stop it first: holdfast stop apollo' });
  expect(await states()).toEqual({ apollo: 'Running' });
});

test.each(CLONE_STEPS.map((step) => [step]))('a daemon that dies over it, at %s, leaves it to the next', LONG, async (step) => {
  await stopped();
  await home.kill();
  await home.start(`clone:${step}`);
  const { id } = await home.client.call('clone', { params: { name: 'apollo' }, body: { name: 'twin' } });
  await home.died();
  await home.start();
  expect((await home.client.follow(id, () => {})).error).toBeNull();
  expect(await states()).toEqual({ apollo: 'Stopped', twin: 'Stopped' });
  expect(await readFile(await file('twin'), 'utf8')).toBe('what it had');
  for (const name of ['apollo', 'twin']) expect((await act(name, { action: 'start' })).error).toBeNull();
});
