/** A directory of the host as a device of a real machine: from a start on, over a restart, a daemon that is killed and a server that ends. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitFor, waitGently } from './home.ts';
import { openHomeUnderTest } from './provided.ts';

const home = openHomeUnderTest();
const REBOOT = { timeout: 1_800_000 };
const uid = process.getuid?.() ?? 0;
let source: string;
let outside: string;
const said = async (script: string) => (await home.must(['exec', 'apollo', '--', 'sh', '-c', script])).stdout;
const comes = (what: string) => waitGently(what, async () => (await home.run(['exec', 'apollo', '--', 'cat', '/srv/native/a'])).stdout === 'from here\n', 120_000);
const server = async () => (await promisify(execFile)('ps', ['axo', 'pid,args'])).stdout.split('\n').filter((line) => line.includes('virtiofsd') && line.includes(source)).map((line) => Number.parseInt(line, 10));
/** Without virtiofsd the host, or the guest's kernel, need not be able to: then there is nothing to test. */
let isPossible = false;

beforeAll(async () => {
  source = await mkdtemp('/var/tmp/hf-native-');
  outside = `${source}-outside`;
  await mkdir(join(source, 'sub'));
  await writeFile(join(source, 'a'), 'from here\n');
  await writeFile(outside, 'of the host alone\n');
  await symlink('../a', join(source, 'sub/link'));
  await symlink(outside, join(source, 'out'));
  await symlink(`../../${outside.split('/').at(-1) ?? ''}`, join(source, 'sub/up'));
  expect(await home.run(['mount', '--type', 'native', source, 'apollo:/srv/native'])).toMatchObject({ code: 2, stderr: expect.stringContaining('only be defined while its instance is stopped') as string });
  await home.must(['stop', 'apollo'], { timeoutMs: 400_000 });
  const { code, stderr } = await home.run(['mount', '--type', 'native', source, 'apollo:/srv/native']);
  if (code !== 0) expect(stderr).toMatch(/native mounts are not possible here|no id can be another one's/);
  await home.must(['start', 'apollo'], { timeoutMs: 900_000 });
  isPossible = (await server()).length > 0;
}, 1_800_000);
afterAll(async () => {
  await home.run(['stop', '--force', 'apollo']);
  await home.run(['umount', 'apollo']);
  await home.must(['start', 'apollo'], { timeoutMs: 900_000 });
  await rm(source, { recursive: true });
  await rm(outside);
}, 1_200_000);

test('files are read and written on both sides, with the rights of who mounted, and none comes to run as him', async (context) => {
  if (!isPossible) context.skip();
  expect(await said('cd /srv/native && cat a sub/link && stat -c %U a && echo from there > b && chmod 4750 b; grep -c " /srv/native virtiofs " /proc/mounts')).toBe('from here\nfrom here\nubuntu\n1\n');
  const { uid: owner, mode } = await stat(join(source, 'b'));
  expect([owner, mode & 0o7000, await readFile(join(source, 'b'), 'utf8')]).toEqual([uid, 0, 'from there\n']);
  expect((await home.must(['info', 'apollo'])).stdout).toContain(`${source} => /srv/native`);
});

test('links that lead out of the directory lead nowhere of the host', async (context) => {
  if (!isPossible) context.skip();
  expect(await said('cat /srv/native/out /srv/native/sub/up 2>&1 | grep -c "No such file"; cd /srv/native && ls -a .. | grep -c outside || true')).toBe('2\n0\n');
});

test('its state cannot be saved, and it goes on', async (context) => {
  if (!isPossible) context.skip();
  for (const words of [['suspend', 'apollo'], ['snapshot', '--live', 'apollo']]) expect(await home.run(words)).toMatchObject({ code: 2, stderr: expect.stringContaining('it has native mounts (/srv/native)') as string });
  expect(await home.run(['umount', 'apollo'])).toMatchObject({ code: 2, stderr: expect.stringContaining('only be taken away while its instance is stopped') as string });
  expect(await said('cat /srv/native/a')).toBe('from here\n');
});

test('it does not notice that the daemon is killed', REBOOT, async (context) => {
  if (!isPossible) context.skip();
  const [pid] = await server();
  await home.killDaemon();
  await comes('the mount to answer with the next daemon');
  expect((await server())[0]).toBe(pid);
});

test('after a restart of the guest it is there again', REBOOT, async (context) => {
  if (!isPossible) context.skip();
  await home.must(['restart', 'apollo'], { timeoutMs: 800_000 });
  await comes('the mount to be back after the restart');
});

test('when what serves it ends that is told, and a start brings it back', REBOOT, async (context) => {
  const [pid] = await server();
  if (!isPossible || pid === undefined) return context.skip();
  process.kill(pid, 'SIGKILL');
  await waitFor('the loss to be told', async () => (await home.info('apollo')).reason?.includes('/srv/native of apollo is lost') ?? false, 60_000);
  await home.must(['stop', '--force', 'apollo']);
  expect(await server()).toEqual([]);
  await home.must(['start', 'apollo'], { timeoutMs: 900_000 });
  await comes('the mount to be back after the start');
});
