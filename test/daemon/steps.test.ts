/** The daemon is killed at every step of every operation; the next one finishes or undoes it, and nothing is left over. */
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { WireAction, WireInstance, WireOperation } from '../../src/api/schemas.ts';
import { DELETE_STEPS } from '../../src/daemon/instances/delete.ts';
import { LAUNCH_STEPS } from '../../src/daemon/instances/launch.ts';
import { RESTART_STEPS } from '../../src/daemon/instances/restart.ts';
import { START_STEPS } from '../../src/daemon/instances/start.ts';
import { STOP_STEPS } from '../../src/daemon/instances/stop.ts';
import { SUSPEND_STEPS } from '../../src/daemon/instances/suspend.ts';
import { openDb } from '../../src/store/db.ts';
import { operationStore } from '../../src/store/operations.ts';
import { makeFakeHome, type FakeHome } from './fake-home.ts';

let home: FakeHome;
beforeEach(async () => { home = await makeFakeHome(); });
afterEach(async () => { await home[Symbol.asyncDispose](); });

const LONG = { timeout: 60_000 };
const launch = (name = 'apollo') => home.client.call('launch', { body: { name, image: `sha256:${home.image}` } });
const act = (body: WireAction) => home.client.call('act', { params: { name: 'apollo' }, body });
const instances = async (): Promise<WireInstance[]> => (await home.client.call('listInstances', {})).instances;

/** Begins it with a daemon that dies at the step, and follows the same operation on the next daemon. */
async function interrupted(dieAt: string, begin: () => Promise<WireOperation>): Promise<WireOperation> {
  await home.start(dieAt);
  const { id } = await begin();
  await home.died();
  await home.start();
  return await home.client.follow(id, () => {});
}

/** The same for what needs an instance that runs first. */
async function interruptedLater(dieAt: string, begin: () => Promise<WireOperation>, before: () => Promise<void> = async () => {}): Promise<WireOperation> {
  await home.start();
  await home.client.follow((await launch()).id, () => {});
  await before();
  await home.kill();
  return await interrupted(dieAt, begin);
}

describe('launch', () => {
  test.each(LAUNCH_STEPS.map((step) => [step]))('killed at %s', LONG, async (step) => {
    const ended = await interrupted(`launch:${step}`, () => launch());
    const undone = ['record', 'template', 'create', 'start'].includes(step);
    expect(ended.status).toBe(undone ? 'failed' : 'done');
    expect((await instances()).map(({ name, state }) => [name, state])).toEqual(undone ? [] : [['apollo', 'Running']]);
    expect(await home.traces()).toHaveLength(undone ? 0 : 2);
    // The name is free, or taken, as it should be.
    if (undone) expect((await home.client.follow((await launch()).id, () => {})).status).toBe('done');
    else await expect(launch()).rejects.toMatchObject({ code: 'instance-exists' });
  });
});

test('launch, killed when its machine ran, which then ended too', LONG, async () => {
  await home.start('launch:reach');
  const { id } = await launch();
  await home.died();
  await killMachines();
  await home.start();
  expect(await home.client.follow(id, () => {})).toMatchObject({ status: 'failed', error: { code: 'boot-failed' } });
  expect((await instances()).map(({ state }) => state)).toEqual(['Crashed']);
});

test('a machine that cannot be taken over is tried again when it is needed, and ended when its plug is pulled', LONG, async () => {
  await home.start();
  await home.client.follow((await launch()).id, () => {});
  await home.kill();
  const [id = ''] = await home.traces();
  const socket = join(home.directory, 'run', id, 'ctl');
  await rename(socket, `${socket}.away`);
  await home.start();
  expect((await instances()).map(({ state }) => state)).toEqual(['Unknown']);
  const refused = await home.client.follow((await act({ action: 'stop' })).id, () => {});
  expect(refused.error?.code).toBe('wrong-state');
  expect(await machines()).toHaveLength(1);
  await rename(`${socket}.away`, socket);
  expect((await home.client.follow((await act({ action: 'restart' })).id, () => {})).error).toBeNull();
  expect((await instances()).map(({ state }) => state)).toEqual(['Running']);
  await home.kill();
  await rename(socket, `${socket}.away`);
  await home.start();
  await home.client.follow((await act({ action: 'stop', force: true })).id, () => {});
  expect(await machines()).toEqual([]);
});

describe('templates', () => {
  const directory = () => join(home.directory, 'templates');
  const templates = async () => (await home.client.call('listTemplates', {})).templates;

  test('the first launch makes one, the next is forked of it, --cold ignores it', LONG, async () => {
    await home.start();
    expect(await home.client.follow((await launch()).id, () => {})).toMatchObject({ status: 'done', notices: [] });
    const [made, ...more] = await templates();
    expect(more).toEqual([]);
    expect(made).toMatchObject({ imageDigest: home.image, cpus: 1, memoryBytes: 1024 ** 3 });
    await home.client.follow((await launch('artemis')).id, () => {});
    expect((await templates()).map(({ createdAt }) => createdAt)).toEqual([made?.createdAt]);
    await home.client.call('deleteTemplate', { params: { key: made?.key ?? '' } });
    await home.client.follow((await home.client.call('launch', { body: { name: 'ares', image: `sha256:${home.image}`, cold: true } })).id, () => {});
    expect(await templates()).toEqual([]);
  });

  test('a damaged one costs a notice and a boot, and is not used again', LONG, async () => {
    await home.start();
    await home.client.follow((await launch()).id, () => {});
    const [{ key } = { key: '' }] = await templates();
    await writeFile(join(directory(), `${key}.json`), '');
    const ended = await home.client.follow((await launch('artemis')).id, () => {});
    expect(ended).toMatchObject({ status: 'done', notices: ['artemis is booted instead of forked: the template is damaged'] });
    expect((await instances()).map(({ state }) => state)).toEqual(['Running', 'Running']);
    expect(await home.client.follow((await launch('ares')).id, () => {})).toMatchObject({ status: 'done', notices: [] });
    expect((await templates()).map((each) => each.key)).toEqual([key]);
  });

  test('with the setting off none is made', LONG, async () => {
    await home.start();
    await home.client.call('putSetting', { params: { key: 'local.templates' }, body: { value: 'false' } });
    await home.client.follow((await launch()).id, () => {});
    expect(await templates()).toEqual([]);
  });

  test('what a daemon left that died while it made one is cleared away', LONG, async () => {
    await mkdir(directory());
    await writeFile(join(directory(), '0123456789abcdef.json.making'), '{');
    await home.start();
    expect(await readdir(directory())).toEqual([]);
  });
});

test('a machine that hangs keeps nobody waiting, and is taken over when it answers', LONG, async () => {
  await home.start();
  await home.client.follow((await launch()).id, () => {});
  const pid = Number((await machines())[0]?.split(' ')[0]);
  await home.client.follow((await launch('artemis')).id, () => {});
  await home.kill();
  process.kill(pid, 'SIGSTOP');
  try {
    await home.start();
    expect((await instances()).map(({ name, state, reason }) => [name, state, reason])).toEqual([
      ['apollo', 'Unknown', 'it is still being taken over: its machine does not answer'], ['artemis', 'Running', null],
    ]);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await expect.poll(async () => (await instances()).map(({ state }) => state), { timeout: 10_000 }).toEqual(['Running', 'Running']);
});

test('two operations on one instance were under way: the earlier is called off, as the later had set out to do', LONG, async () => {
  await home.start('launch:reach');
  const { id } = await launch();
  await home.died();
  {
    using db = openDb(join(home.directory, 'holdfast.db'));
    const operations = operationStore(db);
    const first = operations.get(id);
    if (!first) throw new Error('the launch was not recorded');
    const record = { ...JSON.parse(first.record) as WireOperation, id: 'later', kind: 'delete' };
    operations.insert({
      ...first, id: 'later', kind: 'delete', step: '', request: JSON.stringify({ action: 'delete', purge: true }),
      record: JSON.stringify(record), startedAt: new Date().toISOString(),
    });
  }
  await home.start();
  expect(await home.client.follow(id, () => {})).toMatchObject({ status: 'cancelled', error: { message: 'it was interrupted, and delete was asked for after it' } });
  expect(await home.client.follow('later', () => {})).toMatchObject({ status: 'done', error: null });
  expect(await instances()).toEqual([]);
  expect(await home.traces()).toEqual([]);
});

const machines = async (): Promise<string[]> => (await home.processes()).filter((line) => line.includes('machine-process'));
const killMachines = async (): Promise<void> => {
  for (const line of await machines()) process.kill(Number(line.split(' ')[0]), 'SIGKILL');
};

const suspended = async () => { await home.client.follow((await act({ action: 'suspend' })).id, () => {}); };
const stopped = async () => { await home.client.follow((await act({ action: 'stop' })).id, () => {}); };

describe.each([
  ['stop', STOP_STEPS, { action: 'stop' }, 'Stopped', async () => {}],
  ['forced stop', STOP_STEPS, { action: 'stop', force: true }, 'Stopped', async () => {}],
  ['start', START_STEPS, { action: 'start' }, 'Running', stopped],
  ['start of what was suspended', START_STEPS, { action: 'start' }, 'Running', suspended],
  ['suspend', SUSPEND_STEPS, { action: 'suspend' }, 'Suspended', async () => {}],
  ['restart', RESTART_STEPS, { action: 'restart' }, 'Running', async () => {}],
  ['delete', DELETE_STEPS.slice(0, 2), { action: 'delete' }, 'Deleted', async () => {}],
] as const)('%s', (_what, steps, request, state, before) => {
  test.each(steps.map((step) => [step]))('killed at %s', LONG, async (step) => {
    const ended = await interruptedLater(`${request.action}:${step}`, () => act({ ...request }), before);
    expect(ended.error).toBeNull();
    expect((await instances()).map(({ name, state: now }) => [name, now])).toEqual([['apollo', state]]);
  });
});

test('what was suspended when it was deleted is so again when it is recovered, also by the next daemon', LONG, async () => {
  await home.start();
  await home.client.follow((await launch()).id, () => {});
  await suspended();
  for (const between of [async () => {}, async () => { await home.kill(); await home.start(); }]) {
    await home.client.follow((await act({ action: 'delete' })).id, () => {});
    await between();
    expect((await home.client.follow((await act({ action: 'recover' })).id, () => {})).error).toBeNull();
    expect((await instances()).map(({ state }) => state)).toEqual(['Suspended']);
  }
  expect((await home.client.follow((await act({ action: 'start' })).id, () => {})).error).toBeNull();
});

describe('delete for good', () => {
  test.each(DELETE_STEPS.map((step) => [step]))('killed at %s', LONG, async (step) => {
    const ended = await interruptedLater(`delete:${step}`, () => act({ action: 'delete', purge: true }));
    expect(ended.error).toBeNull();
    expect(await instances()).toEqual([]);
    expect(await home.traces()).toEqual([]);
  });
});

test('killed with nothing under way: what runs goes on, and is taken over', LONG, async () => {
  await home.start();
  await home.client.follow((await launch()).id, () => {});
  await home.client.follow((await launch('artemis')).id, () => {});
  const before = await home.processes();
  await home.kill();
  await home.start();
  expect((await instances()).map(({ name, state }) => [name, state])).toEqual([['apollo', 'Running'], ['artemis', 'Running']]);
  expect((await home.processes()).length).toBe(before.length);
});
