import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { processStartTime } from '../../../host/process/identity.ts';
import { watchShares } from './watch.ts';

test('a server that ends before its machine is lost, and what it said stays short', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-watch-'));
  const complaints = join(directory, 'log');
  await writeFile(complaints, Buffer.alloc(300 * 1024));
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  const over = Promise.withResolvers<void>();
  try {
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    const server = { pid, startTime: await processStartTime(pid) ?? '' };
    const devices = watchShares([{ target: '/a', tag: 't', filesystem: 'virtiofs', server }, { target: '/b', tag: 'u', filesystem: '9p', server: null }], over.promise, () => complaints, 20);
    const [device, other] = devices;
    expect([device?.target, device?.lost.aborted]).toEqual(['/a', false]);
    const lost = once(device?.lost ?? new EventTarget(), 'abort');
    child.kill('SIGKILL');
    await lost;
    const [adopted] = watchShares([{ target: '/a', tag: 't', filesystem: 'virtiofs', server }], over.promise, () => complaints, 1e6);
    if (!adopted?.lost.aborted) await once(adopted?.lost ?? new EventTarget(), 'abort');
    expect([other?.lost.aborted, (await stat(complaints)).size]).toEqual([false, 0]);
  } finally {
    child.kill('SIGKILL');
    over.resolve();
    await rm(directory, { recursive: true });
  }
});
