/** A directory of the host in a real guest: over a network that is down, a restart and a daemon that is killed. */
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitGently } from './home.ts';
import { openHomeUnderTest } from './provided.ts';

const home = openHomeUnderTest();
const REBOOT = { timeout: 900_000 };
let source: string;
const inGuest = (script: string) => home.must(['exec', 'apollo', '--', 'sudo', 'sh', '-c', script]);
const said = async (script: string) => (await home.must(['exec', 'apollo', '--', 'sh', '-c', script])).stdout;
const comes = (what: string) => waitGently(what, async () => (await home.run(['exec', 'apollo', '--', 'cat', '/srv/shared/a'])).stdout === 'from here\n', 120_000);

beforeAll(async () => {
  source = await mkdtemp('/var/tmp/hf-mounts-');
  await mkdir(join(source, 'sub'));
  await writeFile(join(source, 'a'), 'from here\n');
  await symlink(join(source, 'a'), join(source, 'sub/link'));
  await home.must(['mount', source, 'apollo:/srv/shared']);
});
afterAll(async () => {
  await home.run(['umount', 'apollo']);
  await rm(source, { recursive: true });
});

test('files are read and written on both sides, as the default user there and whoever mounted here', async () => {
  expect(await said('cd /srv/shared && cat a sub/link && stat -c %U a && echo from there > b && chmod 4750 b && mkdir -p x/y && mv b x/y && ls -A x/y')).toBe('from here\nfrom here\nubuntu\nb\n');
  expect(await readFile(join(source, 'x/y/b'), 'utf8')).toBe('from there\n');
  const { uid, mode } = await stat(join(source, 'x/y/b'));
  expect([uid, mode & 0o7777]).toEqual([process.getuid?.(), 0o750]);
});

test('a shell and a command begin in the counterpart of the directory that they are called in', async () => {
  const cwd = join(source, 'sub');
  expect((await home.must(['exec', 'apollo', '--', 'pwd'], { cwd })).stdout).toBe('/srv/shared/sub\n');
  expect((await home.must(['shell', 'apollo'], { cwd, input: 'pwd\nexit\n' })).stdout).toBe('/srv/shared/sub\n');
  expect((await home.must(['shell', '-n', 'apollo'], { cwd, input: 'pwd\nexit\n' })).stdout).toBe('/home/ubuntu\n');
});

test('with the guest\'s network down it goes on', async () => {
  await inGuest('for link in /sys/class/net/en*; do ip link set "${link##*/}" down; done');
  try {
    expect(await said('head -c 4000000 /dev/zero > /srv/shared/zeros; sync; stat -c %s /srv/shared/zeros')).toBe('4000000\n');
    expect((await stat(join(source, 'zeros'))).size).toBe(4_000_000);
  } finally {
    await inGuest('for link in /sys/class/net/en*; do ip link set "${link##*/}" up; done');
  }
});

test('after a daemon that was killed it comes back', REBOOT, async () => {
  await home.killDaemon();
  await comes('the mount to be back with the next daemon');
});

test('after a restart it is there again', REBOOT, async () => {
  await home.must(['restart', 'apollo'], { timeoutMs: 800_000 });
  await comes('the mount to be back after the restart');
});

test('unmounted it is gone on both sides, also with a file open', async () => {
  await said('nohup sh -c "exec 3< /srv/shared/a; sleep 60" > /dev/null 2>&1 &');
  await home.must(['umount', 'apollo:/srv/shared']);
  expect(await said('ls -A /srv/shared; grep -c fuse.sshfs /proc/mounts || true')).toBe('0\n');
  expect(await home.run(['umount', 'apollo:/srv/shared'])).toMatchObject({ code: 2, stderr: expect.stringContaining('path "/srv/shared" is not mounted in \'apollo\'') as string });
});
