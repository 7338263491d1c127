/** Several things are asked of one instance at once, or one is called off: everybody is told the truth. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { WireAction, WireOperation } from '../../src/api/schemas.ts';
import { openExec, type ExecOutcome } from '../../src/client/exec-socket.ts';
import { makeFakeHome, type FakeHome } from './fake-home.ts';

let home: FakeHome;
beforeEach(async () => {
  home = await makeFakeHome();
  await home.start();
  await ended(await launch());
});
afterEach(async () => { await home[Symbol.asyncDispose](); });

const launch = (name = 'apollo') => home.client.call('launch', { body: { name, image: `sha256:${home.image}` } });
const act = (body: WireAction) => home.client.call('act', { params: { name: 'apollo' }, body });
const ended = async ({ id }: WireOperation): Promise<WireOperation> => await home.client.follow(id, () => {});
const apollo = () => home.client.call('getInstance', { params: { name: 'apollo' } });

async function exec(): Promise<ExecOutcome> {
  const session = await openExec(join(home.directory, 'run/holdfastd.sock'), 'apollo', { type: 'request', command: ['true'] }, {
    output: () => true, started: () => {}, progress: () => {},
  });
  session.control({ type: 'eof' });
  return await session.outcome;
}

async function fault(faults: object): Promise<void> {
  const [id = ''] = await readdir(join(home.directory, 'instances'));
  await writeFile(join(home.directory, 'instances', id, 'faults.json'), JSON.stringify(faults));
}

test('three commands in a stopped instance start it once, and all run', async () => {
  await ended(await act({ action: 'stop' }));
  expect(await Promise.all([exec(), exec(), exec()])).toEqual([{ code: 0 }, { code: 0 }, { code: 0 }]);
});

test('a command waits for a start that is under way', async () => {
  await ended(await act({ action: 'stop' }));
  await fault({ bootMs: 500 });
  const begun = await act({ action: 'start' });
  expect(await exec()).toEqual({ code: 0 });
  expect((await ended(begun)).error).toBeNull();
});

test('a start while it is being stopped is refused, not told to have worked', async () => {
  await fault({ ignoresPowerButton: true });
  const stop = await act({ action: 'stop' });
  await expect(act({ action: 'start' })).rejects.toMatchObject({ code: 'instance-busy' });
  await home.client.cancel(stop.id);
});

test.each([{ action: 'delete', purge: true }, { action: 'stop', force: true }] as const)('%j does not wait for it to be asked again while it is being suspended', async (body) => {
  const suspend = await act({ action: 'suspend' });
  expect(await ended(await act(body))).toMatchObject({ status: 'done', error: null });
  await ended(suspend);
  if (body.action === 'stop') expect((await apollo()).state).toBe('Stopped');
  else await expect(apollo()).rejects.toMatchObject({ code: 'instance-not-found' });
});

test('a suspend that is called off leaves it running or suspended, and nothing in between', async () => {
  const { id } = await act({ action: 'suspend' });
  await home.client.cancel(id);
  expect((await apollo()).state).toMatch(/^(?:Running|Suspended)$/);
});

test('two stops at once both end when it has stopped', async () => {
  const both = await Promise.all([act({ action: 'stop' }), act({ action: 'stop' })]);
  expect((await Promise.all(both.map(ended))).map(({ status }) => status)).toEqual(['done', 'done']);
  expect((await apollo()).state).toBe('Stopped');
});

test('a delete that was called off leaves nothing that a purge would take', async () => {
  await fault({ ignoresPowerButton: true });
  const begun = await act({ action: 'delete' });
  await home.client.follow(begun.id, ({ stage }) => { if (stage === 'Stopping apollo') void home.client.cancel(begun.id); });
  expect((await home.client.cancel(begun.id)).status).toBe('cancelled');
  expect((await ended(await home.client.call('purge', {}))).status).toBe('done');
  expect((await apollo()).state).toBe('Running');
});
