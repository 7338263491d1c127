/** An instance's disk is never smaller than its image, whatever was wished for. */
import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeFakeHome, type FakeHome } from './fake-home.ts';

const GIB = 1024 ** 3;
let home: FakeHome;
let image: string;
beforeAll(async () => {
  home = await makeFakeHome();
  await home.start();
  const path = join(home.directory, 'eight.qcow2');
  execFileSync('qemu-img', ['create', '-f', 'qcow2', path, '8G'], { stdio: 'pipe' });
  const { digest } = await home.client.upload('eight.qcow2', createReadStream(path), (await stat(path)).size);
  image = `sha256:${digest.replace(/^sha256:/, '')}`;
}, 60_000);
afterAll(() => home[Symbol.asyncDispose](), 60_000);

test.each([['less than it', 'less', '2G', 8 * GIB], ['nothing', 'none', undefined, 8 * GIB], ['more than it', 'more', '12G', 12 * GIB]])('of an image of 8 GiB, where %s is wished for', { timeout: 60_000 }, async (_, name, disk, bytes) => {
  const { id } = await home.client.call('launch', { body: { name, image, cold: true, ...(disk === undefined ? {} : { disk }) } });
  expect(await home.client.follow(id, () => {})).toMatchObject({ status: 'done', error: null });
  expect(await home.client.call('getInstance', { params: { name } })).toMatchObject({ diskBytes: bytes });
});
