/** Snapshots on a real daemon with fake machines: the tree, what is gone back to, what is refused, a daemon that dies over it. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { WireAction } from '../../src/api/schemas.ts';
import { RESTORE_STEPS, SNAPSHOT_STEPS } from '../../src/daemon/instances/snapshots.ts';
import { makeFakeHome, type FakeHome } from './fake-home.ts';

let home: FakeHome;
beforeEach(async () => { home = await makeFakeHome(); });
afterEach(async () => { await home[Symbol.asyncDispose](); });

const LONG = { timeout: 60_000 };
const follow = async (begun: Promise<{ id: string }>) => await home.client.follow((await begun).id, () => {});
const act = async (body: WireAction, name = 'apollo') => await follow(home.client.call('act', { params: { name }, body }));
const take = async (name?: string, comment?: string) => await follow(home.client.call('takeSnapshot', { params: { name: 'apollo' }, body: { ...(name === undefined ? {} : { name }), ...(comment === undefined ? {} : { comment }) } }));
const restore = async (snapshot: string, destructive = true) => await follow(home.client.call('restoreSnapshot', { params: { name: 'apollo', snapshot }, body: { destructive } }));
const remove = (snapshot: string) => home.client.call('deleteSnapshot', { params: { name: 'apollo', snapshot } });
const tree = async () => Object.fromEntries((await home.client.call('listSnapshots', {})).snapshots.map(({ name, parent }) => [name, parent]));
const apollo = () => home.client.call('getInstance', { params: { name: 'apollo' } });
const put = (key: string, value: string) => home.client.call('putSetting', { params: { key: `local.apollo.${key}` }, body: { value } });
const layers = () => readdir(join(home.directory, 'layers')).catch(() => []);
/** What the disk holds. */
const mark = async (text: string) => await writeFile(join(home.directory, 'instances', (await apollo()).id, 'mark'), text);
const marked = async () => readFile(join(home.directory, 'instances', (await apollo()).id, 'mark'), 'utf8').catch(() => '');

async function stopped(): Promise<void> {
  await home.start();
  await follow(home.client.call('launch', { body: { name: 'apollo', image: `sha256:${home.image}`, cold: true } }));
  await act({ action: 'stop' });
}

test('each lies on the one before; to go back moves the head, and what goes hands its children on', LONG, async () => {
  await stopped();
  await mark('one');
  expect(await take(undefined, 'the first')).toMatchObject({ error: null, result: { snapshot: 'snapshot1' } });
  await mark('two');
  expect((await take('second')).error).toBeNull();
  await mark('three');
  expect((await restore('snapshot1')).error).toBeNull();
  expect(await marked()).toBe('one');
  expect((await take()).result).toEqual({ snapshot: 'snapshot3' });
  expect(await tree()).toEqual({ snapshot1: null, second: 'snapshot1', snapshot3: 'snapshot1' });
  expect((await home.client.call('listSnapshots', {})).snapshots[0]).toMatchObject({ instance: 'apollo', comment: 'the first', children: ['second', 'snapshot3'], cpus: 1 });
  expect((await apollo()).snapshotCount).toBe(3);
  expect((await home.client.call('listInstances', {})).instances[0]?.snapshotCount).toBe(3);
  await remove('snapshot1');
  expect(await tree()).toEqual({ second: null, snapshot3: null });
  await remove('snapshot3');
  // The head was on what is gone: the next lies on what that lay on.
  expect((await take('last')).error).toBeNull();
  expect(await tree()).toEqual({ second: null, last: null });
  await restore('second');
  expect(await marked()).toBe('two');
});

test('size and cards come back too, and what is there now is kept unless it is to go', LONG, async () => {
  await stopped();
  await take();
  await put('cpus', '3');
  await put('disk', '9G');
  await mark('now');
  expect((await restore('snapshot1', false)).result).toEqual({ snapshot: 'snapshot1', before: 'snapshot2' });
  expect(await apollo()).toMatchObject({ state: 'Stopped', cpus: 1, diskBytes: 5 * 1024 ** 3 });
  expect((await home.client.call('listSnapshots', {})).snapshots[1]).toMatchObject({ name: 'snapshot2', comment: 'Before restoring snapshot1', cpus: 3, parent: 'snapshot1' });
  await restore('snapshot2');
  expect(await apollo()).toMatchObject({ cpus: 3, diskBytes: 9 * 1024 ** 3 });
  expect(await marked()).toBe('now');
});

test('what is refused is refused in words, and nothing is made', LONG, async () => {
  await home.start();
  await follow(home.client.call('launch', { body: { name: 'apollo', image: `sha256:${home.image}`, cold: true } }));
  await expect(take()).rejects.toMatchObject({ code: 'wrong-state', message: 'Holdfast can only take/restore snapshots of stopped instances.', hint: expect.stringContaining('apollo is Running; stop it first') as string });
  await act({ action: 'suspend' });
  await expect(take()).rejects.toMatchObject({ code: 'wrong-state' });
  await act({ action: 'stop', force: true });
  await take('one');
  await expect(take('one')).rejects.toMatchObject({ code: 'snapshot-exists', message: 'Snapshot already exists: apollo.one' });
  await expect(take('no_name')).rejects.toMatchObject({ code: 'bad-name', message: 'Invalid snapshot name supplied: no_name' });
  await expect(restore('two')).rejects.toMatchObject({ code: 'no-such-snapshot', message: 'No such snapshot: apollo.two' });
  await expect(remove('two')).rejects.toMatchObject({ code: 'no-such-snapshot' });
  await act({ action: 'start' });
  await expect(restore('one')).rejects.toMatchObject({ code: 'wrong-state' });
  await act({ action: 'delete' });
  await expect(remove('one')).rejects.toMatchObject({ code: 'instance-deleted' });
  expect(await tree()).toEqual({ one: null });
  expect(await layers()).toHaveLength(1);
});

test('name and comment are settings', LONG, async () => {
  await stopped();
  await take('one', 'a comment');
  await take('two');
  expect(await put('one.comment', 'another')).toEqual({ key: 'local.apollo.one.comment', value: 'another' });
  expect(await put('one.name', 'first')).toEqual({ key: 'local.apollo.first.name', value: 'first' });
  await expect(put('two.name', 'first')).rejects.toMatchObject({ code: 'snapshot-exists' });
  await expect(put('two.name', 'no name')).rejects.toMatchObject({ code: 'bad-setting' });
  await expect(put('gone.name', 'x')).rejects.toMatchObject({ code: 'unknown-setting' });
  expect(await tree()).toEqual({ first: null, two: 'first' });
  expect((await home.client.call('listSettings', {})).settings.map(({ key }) => key)).toContain('local.apollo.first.comment');
});

test('what a removed instance had goes with it, and the next daemon knows what there is', LONG, async () => {
  await stopped();
  await take('one');
  await take('two');
  await home.kill();
  await home.start();
  expect(await tree()).toEqual({ one: null, two: 'one' });
  await act({ action: 'delete', purge: true });
  expect(await tree()).toEqual({});
  expect(await layers()).toEqual([]);
});

test('one of a running instance has its memory: restored, it is suspended there, however often', LONG, async () => {
  await stopped();
  const live = async () => await follow(home.client.call('takeSnapshot', { params: { name: 'apollo' }, body: { live: true } }));
  await expect(live()).rejects.toMatchObject({ code: 'wrong-state', message: 'A snapshot with the memory can only be taken of a running instance: apollo is Stopped' });
  await act({ action: 'start' });
  await mark('then');
  expect((await live()).error).toBeNull();
  expect((await apollo()).state).toBe('Running');
  expect((await home.client.call('listSnapshots', {})).snapshots[0]).toMatchObject({ name: 'snapshot1', live: true });
  await mark('later');
  await act({ action: 'stop' });
  for (let turn = 0; turn < 2; turn += 1) {
    expect((await restore('snapshot1')).error).toBeNull();
    expect((await apollo()).state).toBe('Suspended');
    await home.kill();
    await home.start();
    expect((await apollo()).state).toBe('Suspended');
    expect((await act({ action: 'start' })).error).toBeNull();
    expect(await marked()).toBe('then');
    await mark('again');
    await act({ action: 'stop' });
  }
});

describe('a daemon that dies over it', () => {
  test.each(SNAPSHOT_STEPS.map((step) => [step]))('taking, at %s: the next ends it', LONG, async (step) => {
    await stopped();
    await mark('one');
    await home.kill();
    await home.start(`snapshot:${step}`);
    const { id } = await home.client.call('takeSnapshot', { params: { name: 'apollo' }, body: {} });
    await home.died();
    await home.start();
    expect((await home.client.follow(id, () => {})).error).toBeNull();
    expect(await tree()).toEqual({ snapshot1: null });
    expect(await layers()).toHaveLength(1);
    await mark('two');
    await restore('snapshot1');
    expect(await marked()).toBe('one');
  });

  test.each(RESTORE_STEPS.map((step) => [step]))('restoring, at %s: the next ends it', LONG, async (step) => {
    await stopped();
    await mark('one');
    await take();
    await put('cpus', '2');
    await mark('two');
    await home.kill();
    await home.start(`restore:${step}`);
    const { id } = await home.client.call('restoreSnapshot', { params: { name: 'apollo', snapshot: 'snapshot1' }, body: {} });
    await home.died();
    await home.start();
    expect((await home.client.follow(id, () => {})).error).toBeNull();
    expect(await marked()).toBe('one');
    expect((await apollo()).cpus).toBe(1);
    expect(await tree()).toEqual({ snapshot1: null, snapshot2: 'snapshot1' });
    await restore('snapshot2');
    expect(await marked()).toBe('two');
  });
});
