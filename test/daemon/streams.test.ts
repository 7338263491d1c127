/** Streams of an instance through a daemon with fake machines: for an ssh client, and its console; by the built CLI and by the client. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { bundleCli } from '../../scripts/bundle.ts';
import { openStream } from '../../src/client/stream-socket.ts';
import { makeFakeHome, type FakeHome } from './fake-home.ts';

let home: FakeHome;
const act = async (name: string, action: 'stop' | 'start') => {
  const { id } = await home.client.call('act', { params: { name }, body: { action, ...(action === 'stop' ? { force: true } : {}) } });
  await home.client.follow(id, () => {});
};
const start = (...words: string[]): ChildProcess & { stdin: NonNullable<ChildProcess['stdin']>; stdout: NonNullable<ChildProcess['stdout']>; stderr: NonNullable<ChildProcess['stderr']> } =>
  spawn(process.execPath, [join(home.directory, 'dist/holdfast.cjs'), ...words], { env: { PATH: process.env['PATH'], HOLDFAST_HOME: home.directory }, stdio: 'pipe' });

async function run(words: readonly string[], input: string | Uint8Array = ''): Promise<{ code: number | null; stdout: Buffer; stderr: string }> {
  const child = start(...words);
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([buffer(child.stdout), text(child.stderr), once(child, 'close') as Promise<[number | null]>]);
  return { code, stdout, stderr };
}

beforeAll(async () => {
  home = await makeFakeHome();
  await bundleCli(join(home.directory, 'dist'));
  await home.start();
  for (const name of ['apollo', 'artemis']) {
    const { id } = await home.client.call('launch', { body: { name, image: `sha256:${home.image}` } });
    await home.client.follow(id, () => {});
  }
}, 60_000);
afterAll(async () => { await home[Symbol.asyncDispose](); }, 60_000);

test('proxy carries bytes both ways, whole, eight at once, and ends when both ends have', async () => {
  const inputs = Array.from({ length: 8 }, () => randomBytes(2_000_000));
  const outcomes = await Promise.all(inputs.map((input) => run(['proxy', 'apollo'], input)));
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  for (const [index, { code, stdout, stderr }] of outcomes.entries()) {
    expect([code, stderr, stdout.subarray(0, 14).toString()]).toEqual([0, '', 'SSH-2.0-fake\r\n']);
    expect(digest(stdout.subarray(14))).toBe(digest(inputs[index] ?? Buffer.alloc(0)));
  }
});

test('proxy starts what is stopped, and says so', async () => {
  await act('apollo', 'stop');
  const { code, stdout, stderr } = await run(['proxy', 'apollo']);
  expect([code, stdout.toString()]).toEqual([0, 'SSH-2.0-fake\r\n']);
  expect(stderr).toContain('apollo');
});

test.each([
  ['proxy', 'ghost', 'proxy failed: instance "ghost" does not exist'],
  ['console', 'ghost', 'console failed: instance "ghost" does not exist'],
  ['ssh-config', 'ghost', 'ssh-config failed: instance "ghost" does not exist'],
] as const)('%s of an instance that is not there says so', async (command, name, message) => {
  const { code, stderr } = await run([command, name]);
  expect([stderr.split('\n')[0], code]).toEqual([message, 2]);
});

test('a client that does not read holds up nobody else, and what is sent to it stays in the machine', async () => {
  const ws = new WebSocket('ws://holdfast/v1/instances/apollo/proxy', { createConnection: () => connect(join(home.directory, 'run/holdfastd.sock')) });
  await once(ws, 'open');
  ws.pause();
  let sent = 0;
  // What cannot go any further is not taken from us either.
  while (ws.bufferedAmount < 2_000_000 && sent < 200_000_000) {
    ws.send(Buffer.concat([Buffer.from([0]), Buffer.alloc(500_000)]));
    sent += 500_000;
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
  expect(sent).toBeLessThan(100_000_000);
  expect((await run(['proxy', 'apollo'], 'x')).stdout.toString()).toBe('SSH-2.0-fake\r\nx');
  ws.terminate();
});

test('ssh-config keeps keys that only their owner can read, and forgets those of instances that are gone', async () => {
  const { code, stdout } = await run(['ssh-config']);
  expect(code).toBe(0);
  expect(stdout.toString().match(/^Host .*$/gm)).toEqual(['Host apollo', 'Host artemis']);
  const directory = join(home.directory, 'ssh');
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  expect((await readdir(directory)).toSorted()).toEqual(['apollo.host', 'apollo.key', 'artemis.host', 'artemis.key']);
  expect((await stat(join(directory, 'apollo.key'))).mode & 0o777).toBe(0o600);
  expect(await readFile(join(directory, 'apollo.key'), 'utf8')).not.toBe(await readFile(join(directory, 'artemis.key'), 'utf8'));
  const { id } = await home.client.call('act', { params: { name: 'artemis' }, body: { action: 'delete' } });
  await home.client.follow(id, () => {});
  expect((await run(['ssh-config', 'artemis'])).stderr).toMatch(/^ssh-config failed: artemis is deleted/);
  await run(['ssh-config']);
  expect((await readdir(directory)).toSorted()).toEqual(['apollo.host', 'apollo.key']);
});

test('ssh reads the configuration as it is meant', async () => {
  const config = join(home.directory, 'config');
  const { stdout } = await run(['ssh-config', 'apollo']);
  await writeFile(config, stdout);
  const child = spawn('ssh', ['-G', '-F', config, 'apollo'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = await text(child.stdout);
  expect(said).toContain(`\nidentityfile ${home.directory}/ssh/apollo.key\n`);
  expect(said).toContain(`\nproxycommand env HOLDFAST_HOME=${home.directory} ${process.execPath} ${home.directory}/dist/holdfast.cjs proxy apollo\n`);
  expect(said).toContain('\nstricthostkeychecking true\n');
  expect(said).toContain('\nuser ubuntu\n');
});

test('two at a console see the same; the end of what a script types detaches it', async () => {
  const watching = start('console', '--watch', 'apollo');
  const seen = new Promise<string>((resolve) => {
    let all = '';
    watching.stdout.on('data', (piece: Buffer) => {
      all += piece.toString();
      if (all.includes('reboot -f')) resolve(all);
    });
  });
  await once(watching.stdout, 'readable');
  const { code, stdout } = await run(['console', 'apollo'], 'reboot -f\n');
  expect(code).toBe(0);
  expect(stdout.toString()).toContain('apollo login: ');
  expect(await seen).toContain('apollo login: ');
  watching.kill('SIGINT');
  expect((await once(watching, 'close'))[0]).toBe(0);
  expect((await run(['console', '--log', 'apollo'])).stdout.toString()).toContain('reboot -f');
});

test('a console ends with its machine, and is not what starts one', async () => {
  const watching = start('console', '--watch', 'apollo');
  await once(watching.stdout, 'readable');
  watching.stdout.resume();
  const closed = once(watching, 'close');
  await act('apollo', 'stop');
  expect((await closed)[0]).toBe(0);
  const { code, stderr } = await run(['console', 'apollo']);
  expect([code, stderr.split('\n')[0]]).toEqual([2, 'console failed: apollo has no console now: it is Stopped']);
});

test('what was said before comes to a terminal without control sequences', async () => {
  await act('apollo', 'start');
  await run(['console', 'apollo'], '\u001b]0;title\u0007\u001b[6nharmless?\n');
  let all = '';
  const session = await openStream(join(home.directory, 'run/holdfastd.sock'), 'console', 'apollo', {
    output: (bytes) => { all += Buffer.from(bytes).toString(); return true; }, started: () => {}, progress: () => {}, ended: () => {},
  });
  await expect.poll(() => all).toContain('harmless?');
  expect(all).not.toContain('\u001b');
  session.close();
  await session.over;
});
