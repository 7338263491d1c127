/** What is said when a guest takes too long: Multipass's words, and below them what they mean here. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { WireAction, WireOperation } from '../../src/api/schemas.ts';
import { fail } from '../../src/core/errors.ts';
import { untilInitialised } from '../../src/daemon/instances/boot.ts';
import type { Supervisor } from '../../src/daemon/supervisor.ts';
import { makeFakeHome } from './fake-home.ts';

test('a guest that does not answer in time: its machine goes on, and is not Unknown', { timeout: 60_000 }, async () => {
  await using home = await makeFakeHome();
  await home.start();
  const ended = async ({ id }: WireOperation): Promise<WireOperation> => await home.client.follow(id, () => {});
  const act = async (body: WireAction): Promise<WireOperation> => await ended(await home.client.call('act', { params: { name: 'apollo' }, body }));
  await ended(await home.client.call('launch', { body: { name: 'apollo', image: `sha256:${home.image}` } }));
  await act({ action: 'stop' });
  const [id = ''] = await readdir(join(home.directory, 'instances'));
  await writeFile(join(home.directory, 'instances', id, 'faults.json'), JSON.stringify({ bootMs: 60_000 }));
  expect((await act({ action: 'start', timeoutSeconds: 1 })).error).toEqual({
    code: 'too-slow', message: 'timed out waiting for response',
    hint: 'apollo was started, but its guest did not answer within 1 s; its console: holdfast logs apollo',
  });
  expect(await home.client.call('getInstance', { params: { name: 'apollo' } })).toMatchObject({ state: 'Running', reason: 'its guest has not answered yet' });
});

test('cloud-init that does not end in time', async () => {
  const late = { name: 'apollo', until: (_met: unknown, what: string, _ms: number, _signal: unknown, hint: string) => Promise.reject(fail('too-slow', what, { hint })) } as unknown as Supervisor;
  await expect(untilInitialised(late, 300, AbortSignal.timeout(1_000))).rejects.toMatchObject({
    message: 'timed out waiting for initialization to complete', hint: 'apollo runs and can be reached, but cloud-init did not finish within 300 s',
  });
});
