/** The built program and a daemon that is a small script: who starts it, what is told when it does not start. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeBench, type Bench } from './bench-cli.ts';

let bench: Bench;
beforeEach(async () => { bench = await makeBench(); });
afterEach(async () => {
  const pids = join(bench.home, 'pids');
  if (existsSync(pids)) for (const pid of readdirSync(pids)) try { process.kill(Number(pid), 'SIGKILL'); } catch { /* ended by itself */ }
  await bench[Symbol.asyncDispose]();
});

/** One of them makes the lock and serves after a while; the others say so and go, as the daemon does. */
const DAEMON = `
const fs = require('node:fs'), http = require('node:http'), home = process.env.HOLDFAST_HOME;
fs.mkdirSync(home + '/run', { recursive: true }); fs.mkdirSync(home + '/pids', { recursive: true });
fs.writeFileSync(home + '/pids/' + process.pid, JSON.stringify({ cwd: process.cwd(), argv: process.argv.slice(2) }));
try { fs.mkdirSync(home + '/lock'); } catch { console.error('another Holdfast daemon already serves this home'); process.exit(2); }
fs.rmSync(home + '/run/holdfastd.sock', { force: true });
setTimeout(() => http.createServer((request, answer) => {
  answer.setHeader('content-type', 'application/json');
  answer.end(request.url === '/v1/instances' ? '{"instances":[]}' : '{"key":"k","value":""}');
}).listen(home + '/run/holdfastd.sock'), DELAY);
`;

const install = (delayMs: number) => writeFileSync(join(bench.home, 'dist/holdfastd.cjs'), DAEMON.replace('DELAY', String(delayMs)));

test('the first command starts the daemon, the next one finds it', async () => {
  install(0);
  rmSync(join(bench.home, 'run'), { recursive: true });
  expect(await bench.run(['list'])).toEqual({ code: 0, stdout: 'No instances found.\n', stderr: '' });
  expect(await bench.run(['list'])).toMatchObject({ code: 0 });
  const pids = readdirSync(join(bench.home, 'pids'));
  expect(pids).toHaveLength(1);
  expect(JSON.parse(readFileSync(join(bench.home, 'pids', pids[0] ?? ''), 'utf8'))).toEqual({ cwd: '/', argv: [] });
});

test('a socket that a dead daemon left is no daemon', async () => {
  install(0);
  expect((await bench.run(['list'])).code).toBe(0);
  process.kill(Number(readdirSync(join(bench.home, 'pids'))[0]), 'SIGKILL');
  rmSync(join(bench.home, 'lock'), { recursive: true });
  expect(await bench.run(['list'])).toMatchObject({ code: 0, stderr: '' });
});

test('six commands at once start one daemon, and all work', async () => {
  install(600);
  const all = await Promise.all(Array.from({ length: 6 }, () => bench.run(['list'])));
  expect(all.map(({ code, stderr }) => [code, stderr])).toEqual(all.map(() => [0, '']));
}, 30_000);

test('a daemon that cannot start is quoted', async () => {
  writeFileSync(join(bench.home, 'dist/holdfastd.cjs'), 'console.error("some words"); console.error("home-too-new: this home was written by a later Holdfast"); process.exit(2)');
  expect(await bench.run(['list'])).toMatchObject({
    code: 3, stdout: '', stderr: 'list failed: the Holdfast daemon did not start: home-too-new: this home was written by a later Holdfast\n',
  });
});

test('version and help start none', async () => {
  install(0);
  expect(await bench.run(['version'])).toEqual({ code: 0, stdout: 'holdfast    0.1.0\n', stderr: '' });
  await bench.run(['help']);
  await bench.run(['list', '--help']);
  await bench.run(['list', '--format', 'xml']);
  expect(existsSync(join(bench.home, 'pids'))).toBe(false);
});

test('a home whose sockets would have too long a path is refused with the numbers', async () => {
  const deep = join(bench.home, 'd'.repeat(100));
  mkdirSync(deep);
  const child = bench.start(['list'], { HOLDFAST_HOME: deep });
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => { stderr += chunk.toString(); });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code).toBe(2);
  expect(stderr).toMatch(/list failed: the path of a socket would have \d+ bytes, and the system takes at most 10[37]/);
});
