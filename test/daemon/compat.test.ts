/** Holdfast under the name of Multipass: launchers that it wrote, and the daemon as a service manager keeps it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ran, type Ran } from '../cli/bench-cli.ts';
import { makeFakeBench, type FakeBench } from './fake-bench.ts';
import { freePort } from './tls-home.ts';
import { waitFor } from '../real/home.ts';

let fake: FakeBench;
let dir: string;
/** Without a home of its own: the launchers are found by PATH and told the rest by Multipass's variables. */
const start = (name: string, words: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess =>
  spawn(join(dir, name), words, { env: { PATH: process.env['PATH'], HOME: fake.bench.home, XDG_DATA_HOME: join(fake.bench.home, 'usual'), ...env }, stdio: 'pipe' });
const multipass = async (words: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran> => {
  const child = start('multipass', words, env);
  child.stdin?.end();
  return await ran(child);
};
const storage = () => ({ MULTIPASS_STORAGE: join(fake.bench.home, 'store') });
const address = () => ({ MULTIPASS_SERVER_ADDRESS: `unix:${join(fake.bench.home, 'mp.sock')}` });
const isServed = (path: string): Promise<boolean> => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = connect(path).once('connect', () => { probe.destroy(); resolve(true); }).once('error', () => resolve(false));
  return promise;
};

beforeAll(async () => {
  fake = await makeFakeBench();
  dir = join(fake.bench.home, 'my bin');
}, 60_000);
afterAll(() => fake[Symbol.asyncDispose](), 60_000);

test('the launchers are written, again too, and never over what is somebody else\'s', async () => {
  const { bench } = fake;
  expect(await bench.run(['compat', 'install', dir])).toEqual({
    code: 0, stdout: `Written: ${dir}/multipass\nWritten: ${dir}/multipassd\n`, stderr: `It is not in PATH: ${dir}\n`,
  });
  expect((await bench.run(['compat', 'install', dir])).code).toBe(0);
  expect([statSync(join(dir, 'multipass')).mode & 0o777, statSync(join(dir, 'multipassd')).mode & 0o777]).toEqual([0o755, 0o755]);
  const other = join(bench.home, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'multipassd'), 'the real one');
  expect(await bench.run(['compat', 'install', other])).toMatchObject({ code: 2, stderr: expect.stringContaining(`${other}/multipassd is there already, and is not Holdfast's`) });
  expect([existsSync(join(other, 'multipass')), readFileSync(join(other, 'multipassd'), 'utf8')]).toEqual([false, 'the real one']);
  expect((await bench.run(['compat', 'install', other, '--force'])).code).toBe(0);
  expect(await bench.run(['compat', 'install', '/dev/null/x'])).toMatchObject({ code: 2, stderr: expect.stringContaining('the launchers cannot be written to /dev/null/x') });
  expect(await bench.run(['compat', 'remove', dir])).toMatchObject({ code: 1, stderr: 'Unknown action \'remove\'\nthere is: compat install\n' });
});

test('as multipass it names itself so, where scripts look', async () => {
  expect(await multipass(['version'], storage())).toEqual({ code: 0, stdout: 'multipass   0.1.0\n', stderr: '' });
  expect((await multipass(['help', 'start'])).stdout).toMatch(/^Usage: multipass start [^]*\n {2}multipass start apollo hermes /);
  expect((await multipass(['--version'])).stdout).toBe('multipass 0.1.0\n');
  expect(await multipass(['nope'], storage())).toEqual({ code: 1, stdout: 'Error: Unknown command or alias \'nope\' (try "multipass help" or "multipass aliases")\n', stderr: '' });
  expect(await multipass(['start', '--nope'])).toEqual({ code: 1, stdout: '', stderr: 'Unknown option \'--nope\'\nsee: multipass help start\n' });
});

test('nobody at the address is told in Multipass\'s words, at once, and no daemon is started', async () => {
  expect(await multipass(['list'], address())).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^list failed: cannot connect to the multipass socket\n/) });
  expect(await multipass(['list'], { MULTIPASS_SERVER_ADDRESS: 'localhost:1' })).toMatchObject({
    code: 2, stdout: '', stderr: expect.stringMatching(/^list failed: cannot connect to the multipass socket\nlocalhost:1: nobody answers there \(ECONNREFUSED\)/),
  });
  expect(await multipass(['list'], { MULTIPASS_SERVER_ADDRESS: 'localhost' })).toMatchObject({ code: 1, stderr: expect.stringContaining('invalid server address: localhost') });
  expect(await multipass(['wait-ready', '--timeout', '1'], address())).toMatchObject({ code: 5, stderr: expect.stringContaining('timed out') });
  expect(existsSync(join(fake.bench.home, 'store'))).toBe(false);
});

test.each([
  [['--logger', 'paper'], 'invalid logger: paper'], [['--verbosity', 'loud'], 'invalid verbosity: loud'],
  [['--address', 'localhost'], 'invalid server address: localhost'], [['--nope'], 'Unknown option \'--nope\''],
])('multipassd %j is refused', async (words, why) => {
  const { code, stderr } = await ran(start('multipassd', words, storage()));
  expect([code === 0, stderr]).toEqual([false, expect.stringContaining(why)]);
});

test('multipassd keeps its contract: storage, address, log, an end with 0, an end with 42 after a setting of its own', { timeout: 60_000 }, async () => {
  const socket = join(fake.bench.home, 'mp.sock');
  const daemon = async (): Promise<{ child: ChildProcess; said: () => string }> => {
    const child = start('multipassd', ['--logger', 'stderr', '--verbosity', 'info', '--address', `unix:${socket}`], storage());
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => { said += chunk.toString(); });
    child.stdout?.resume();
    await waitFor('multipassd to listen', () => isServed(socket), 20_000);
    return { child, said: () => said };
  };
  const first = await daemon();
  expect(statSync(socket).mode & 0o777).toBe(0o600);
  // By the address, and by the storage.
  for (const env of [address(), storage()]) expect(await multipass(['list', '--format', 'json'], env)).toEqual({ code: 0, stdout: '{\n    "list": [\n    ]\n}\n', stderr: '' });
  expect((await multipass(['version'], storage())).stdout).toBe('multipass   0.1.0\nmultipassd  0.1.0\n');
  // The storage is in the daemon's unit only, with Multipass too.
  expect((await multipass(['version'])).stdout).toBe('multipass   0.1.0\nmultipassd  0.1.0\n');
  expect(await multipass(['get', 'client.primary-name'])).toEqual({ code: 0, stdout: 'primary\n', stderr: '' });
  expect(first.said()).toMatch(/^\[info\] .* serves .*\/store\/holdfast\/run\/holdfastd\.sock\n/);
  // What is the client's own, or stays as it is, is no reason to end.
  expect((await multipass(['set', 'client.primary-name=apollo'], address())).code).toBe(0);
  expect((await multipass(['set', 'local.privileged-mounts=yes'], address())).code).toBe(0);
  const ended = once(first.child, 'exit', { signal: AbortSignal.timeout(20_000) });
  expect(await multipass(['set', 'local.privileged-mounts=off'], address())).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await ended).toEqual([42, null]);
  expect(existsSync(socket)).toBe(false);

  const second = await daemon();
  expect((await multipass(['get', 'local.privileged-mounts'], address())).stdout).toBe('false\n');
  const gone = once(second.child, 'exit', { signal: AbortSignal.timeout(20_000) });
  second.child.kill('SIGTERM');
  expect(await gone).toEqual([0, null]);
});

test('multipassd listens on TCP where its address, by option or variable, says so, and a client of Multipass\'s authenticates itself there', { timeout: 120_000 }, async () => {
  const tcp = `127.0.0.1:${await freePort()}`;
  const child = start('multipassd', [], { ...storage(), MULTIPASS_SERVER_ADDRESS: tcp });
  child.stdout?.resume();
  child.stderr?.resume();
  const there = { MULTIPASS_SERVER_ADDRESS: tcp };
  await waitFor('multipassd to listen', async () => (await multipass(['version'], there)).stdout.includes('multipassd'), 20_000);
  expect(await multipass(['list'], there)).toMatchObject({ code: 2, stderr: expect.stringContaining('multipass authenticate') });
  // A setting of the daemon's own: it ends to be started again.
  const ended = once(child, 'exit', { signal: AbortSignal.timeout(20_000) });
  expect((await multipass(['set', 'local.passphrase=pass'], storage())).code).toBe(0);
  expect(await ended).toEqual([42, null]);
  const next = start('multipassd', ['--address', tcp], storage());
  next.stdout?.resume();
  next.stderr?.resume();
  await waitFor('multipassd to listen', async () => (await multipass(['authenticate', 'pass'], there)).code === 0, 20_000);
  expect((await multipass(['list'], there)).stdout).toBe('No instances found.\n');
  const gone = once(next, 'exit', { signal: AbortSignal.timeout(20_000) });
  next.kill('SIGTERM');
  expect(await gone).toEqual([0, null]);
});
