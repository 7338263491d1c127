/** The home is moved to another path while no daemon runs: all that was in it works from there. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, inject, test } from 'vitest';
import { giveRoom, openTestHome, waitFor, type TestHome } from './home.ts';
import { shareTemplates } from './provided.ts';

let home: TestHome | undefined;
afterAll(async () => { await home?.[Symbol.asyncDispose](); });

test('stopped and suspended instances and templates work from the new place, also when one runs while it is moved', async () => {
  const first = await mkdtemp('/var/tmp/hf-');
  await chmod(first, 0o711);
  execFileSync('cp', ['-al', join(inject('home'), 'images'), first]);
  // Linked, not copied: what was made in the shared home was moved here already.
  await shareTemplates(first, 'linked');
  home = openTestHome(first);
  await giveRoom(home);
  for (const name of ['stopped', 'saved', 'runs']) expect((await home.must(['launch', '--name', name])).stderr).not.toContain('booted instead of forked');
  await home.must(['exec', 'stopped', '--', 'sh', '-c', 'echo kept > ~/file; sync']);
  await home.must(['exec', 'saved', '--', 'sh', '-c', 'echo kept > /dev/shm/file']);
  await home.must(['stop', 'stopped']);
  await home.must(['suspend', 'saved']);
  const running = await home.qemuPid('runs');
  await home.endDaemon();

  const second = `${first}-moved`;
  await rename(first, second);
  home = openTestHome(second);
  await home.must(['start', 'saved']);
  expect((await home.must(['exec', 'saved', '--', 'cat', '/dev/shm/file'])).stdout).toBe('kept\n');
  await home.must(['set', 'local.stopped.disk=6G']);
  await home.must(['start', 'stopped', '--timeout', '600'], { timeoutMs: 700_000 });
  expect((await home.must(['exec', 'stopped', '--', 'sh', '-c', 'cat ~/file; lsblk -bdno SIZE /dev/sda'])).stdout).toBe(`kept\n${6 * 1024 ** 3}\n`);
  expect((await home.must(['launch', '--name', 'later'])).stderr).not.toContain('booted instead of forked');
  // Within a file system its sockets went along.
  await waitFor('runs to be held', async () => (await home?.info('runs'))?.hold === 'held', 120_000);
  expect((await home.must(['exec', 'runs', '--', 'hostname'])).stdout).toBe('runs\n');
  expect(await home.qemuPid('runs')).toBe(running);
  await home.must(['stop', 'runs']);
  expect(await home.info('runs')).toMatchObject({ state: 'Stopped' });
});
