/** Programs that speak ssh by themselves, on a real guest whose network is down: they have only what `ssh-config` prints. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandLine } from '../processes.ts';
import { CHECKOUT, waitFor } from './home.ts';
import { openHomeUnderTest, slowness } from './provided.ts';

const home = openHomeUnderTest();
let scratch: string;
let config: string;
const inGuest = (script: string) => home.must(['exec', 'apollo', '--', 'sudo', 'sh', '-c', script]);

interface Ended { readonly code: number | null; readonly stdout: string; readonly stderr: string }

function tool(command: string, args: readonly string[], { input, deadlineMs = 90_000 }: { input?: string; deadlineMs?: number } = {}): Promise<Ended> {
  const child = spawn(command, args, { stdio: 'pipe' });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => { said.stdout += text; });
  child.stderr.setEncoding('utf8').on('data', (text: string) => { said.stderr += text; });
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
  const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs * slowness());
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, ...said });
    });
  });
}
const ssh = (...args: string[]) => tool('ssh', ['-F', config, ...args]);

beforeAll(async () => {
  scratch = await mkdtemp('/var/tmp/hf-ssh-');
  config = join(scratch, 'config');
  await writeFile(config, (await home.must(['ssh-config'])).stdout);
});
afterAll(async () => { await rm(scratch, { recursive: true }); });

describe('with the guest\'s link down', () => {
  beforeAll(async () => {
    await inGuest('for link in /sys/class/net/en*; do ip link set "${link##*/}" down; done');
    await waitFor('the network to be unreachable', async () => (await home.info('apollo')).network === 'unreachable', 20_000);
  });
  afterAll(async () => {
    await inGuest('for link in /sys/class/net/en*; do ip link set "${link##*/}" up; done');
    await waitFor('the network to be well', async () => (await home.info('apollo')).network === 'ok', 60_000);
  });

  test('ssh runs a command as the default user, with its input, output and exit code', async () => {
    expect(await tool('ssh', ['-F', config, 'apollo', 'id -un; cat; exit 7'], { input: 'given\n' })).toEqual({ code: 7, stdout: 'ubuntu\ngiven\n', stderr: '' });
  });

  test('scp, sftp and rsync bring files there and back', async () => {
    const [there, back] = [join(scratch, 'there'), join(scratch, 'back')];
    await writeFile(there, randomBytes(1_000_000));
    expect(await tool('scp', ['-q', '-F', config, there, 'apollo:/tmp/there'])).toMatchObject({ code: 0, stderr: '' });
    expect(await tool('sftp', ['-q', '-b', '-', '-F', config, 'apollo'], { input: `get /tmp/there ${back}\n` })).toMatchObject({ code: 0 });
    expect((await readFile(back)).equals(await readFile(there))).toBe(true);
    await rm(back);
    for (const [from, to] of [[there, 'apollo:/tmp/synced'], ['apollo:/tmp/synced', back]] as const) {
      expect(await tool('rsync', ['-e', `ssh -F ${config}`, from, to])).toMatchObject({ code: 0, stderr: '' });
    }
    expect((await readFile(back)).equals(await readFile(there))).toBe(true);
  });

  test('a port of the guest\'s is forwarded, where the key opens nothing: not its own sshd', async () => {
    const path = join(scratch, 'forwarded');
    const forward = spawn('ssh', ['-F', config, '-N', '-L', `${path}:127.0.0.1:22`, 'apollo'], { stdio: ['ignore', 'ignore', 'inherit'] });
    try {
      await waitFor('the forward', async () => (await readdir(scratch)).includes('forwarded'), 60_000);
      const own = connect(path);
      expect(await new Promise<string>((resolve, reject) => { own.once('data', (piece) => resolve(piece.toString())).once('error', reject); })).toMatch(/^SSH-2\.0-OpenSSH/);
      own.destroy();
      const refused = await ssh('-o', `ProxyCommand=socat - UNIX-CONNECT:${path}`, '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'BatchMode=yes', 'apollo', 'true');
      expect(refused).toMatchObject({ code: 255, stderr: expect.stringContaining('Permission denied') as string });
    } finally {
      forward.kill();
    }
  });
});

test('eight at once', async () => {
  const outcomes = await Promise.all(Array.from({ length: 8 }, async (_, index) => await ssh('apollo', `echo ${index}`)));
  expect(outcomes).toEqual(outcomes.map((_, index) => ({ code: 0, stdout: `${index}\n`, stderr: '' })));
});

test('another host key is refused', async () => {
  const known = join(scratch, 'known');
  const [alias] = (await readFile(join(home.directory, 'ssh/apollo.host'), 'utf8')).split(' ');
  const [, ...hermes] = (await readFile(join(home.directory, 'ssh/hermes.host'), 'utf8')).split(' ');
  await writeFile(known, `${alias} ${hermes.join(' ')}`);
  expect(await ssh('-o', `UserKnownHostsFile=${known}`, 'apollo', 'true')).toMatchObject({ code: 255, stderr: expect.stringContaining('Host key verification failed') as string });
});

test('the key reaches nobody but the default user, and opens no lane', async () => {
  await inGuest('id other >/dev/null 2>&1 || useradd -m -s /bin/bash other');
  for (const user of ['root', 'other']) {
    expect(await ssh('-o', 'BatchMode=yes', '-l', user, 'apollo', 'true')).toMatchObject({ code: 255, stderr: expect.stringContaining('Permission denied') as string });
  }
  // A spare lane, which the daemon leaves alone: its sshd is the session lane's.
  const pid = await home.qemuPid('apollo') ?? 0;
  const lane = /path=([^,]*\/l4),/.exec(await commandLine(pid))?.[1] ?? '';
  expect(await ssh('-o', `ProxyCommand=socat - UNIX-CONNECT:${lane}`, '-o', 'BatchMode=yes', 'apollo', 'true'))
    .toMatchObject({ code: 255, stderr: expect.stringContaining('Permission denied') as string });
  await inGuest('userdel -r other 2>/dev/null');
});

test('the console of a real guest is shared by all who attach, and its login asks', async () => {
  const watching = spawn(join(CHECKOUT, 'bin/holdfast'), ['console', '--watch', 'apollo'], { env: { ...process.env, HOLDFAST_HOME: home.directory }, stdio: ['ignore', 'pipe', 'inherit'] });
  let seen = '';
  watching.stdout.setEncoding('utf8').on('data', (text: string) => { seen += text; });
  try {
    await home.must(['console', 'apollo'], { input: '\r' });
    await waitFor('the login', () => Promise.resolve(seen.includes('apollo login:')), 30_000);
    await home.must(['console', 'apollo'], { input: 'ubuntu\r' });
    await waitFor('its password to be asked for', () => Promise.resolve(seen.includes('Password: ')), 30_000);
  } finally {
    watching.kill('SIGINT');
  }
  await waitFor('it to be in the log', async () => (await home.must(['console', '--log', 'apollo'])).stdout.includes('Password: '), 10_000);
});
