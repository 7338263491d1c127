/** The primary instance's first launch, in the built program's words, against fixed answers. */
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { controlFrame } from '../../src/api/frames.ts';
import { apollo, primary } from './instances.ts';
import { event, json, makeBench, operation, ran, type Bench, type Ran } from './bench-cli.ts';

let bench: Bench;
let person: string;
let there: boolean;
let mount: (answer: ServerResponse) => void;

const mounted = (answer: ServerResponse) => json(answer, operation({ id: 'mount' }), 202);
const run = async (words: readonly string[], env: Readonly<Record<string, string>> = { HOME: person }): Promise<Ran> => {
  const child = bench.start(words, env);
  child.stdin?.end();
  return await ran(child);
};
const mounts = () => bench.asked.filter(({ url, method }) => method === 'POST' && url.endsWith('/mounts')).map(({ url, body }) => `${url} ${body}`);

beforeAll(async () => {
  person = await realpath(await mkdtemp(join(tmpdir(), 'hf-person-')));
  bench = await makeBench();
  const server = await bench.serve(({ method, url }, answer) => {
    if (url === '/v1/settings/client.primary-name') return json(answer, { key: 'client.primary-name', value: 'primary' });
    if (url === '/v1/instances' && method === 'GET') return json(answer, { instances: there ? [apollo, primary] : [apollo] });
    if (url.endsWith('/mounts')) return mount(answer);
    if (url.endsWith('/mount/events')) event(answer, operation({ status: 'done', result: {} }));
    else if (url.endsWith('/events')) event(answer, operation({ status: 'done', result: { name: 'primary', zone: 'zone1' } }));
    else return method === 'POST' ? json(answer, operation(), 202) : json(answer, { code: 'not-found', message: 'no', hint: null }, 404);
    answer.end();
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, stream, head) => sockets.handleUpgrade(request, stream, head, (socket) => {
    socket.on('message', () => {
      socket.send(controlFrame({ type: 'started', rung: 'lane', passedOver: [] }));
      socket.send(controlFrame({ type: 'exit', code: 0 }));
    });
  }));
});
beforeEach(() => {
  bench.asked.length = 0;
  there = false;
  mount = mounted;
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await rm(person, { recursive: true });
});

test.each([[['shell']], [['start']], [['shell', 'primary']], [['start', 'primary']], [['launch', '-n', 'primary']]])('%j launches it where it is missed, and mounts the home directory', async (words) => {
  expect(await run(words)).toEqual({ code: 0, stdout: `Launched: primary in zone1\nMounted '${person}' into 'primary:Home'\n`, stderr: expect.any(String) as string });
  expect(mounts()).toEqual([`/v1/instances/primary/mounts {"source":"${person}","target":"Home"}`]);
});

test('where it is there already nothing is mounted, nor into another one', async () => {
  expect((await run(['launch', '-n', 'apollo'])).code).toBe(0);
  there = true;
  expect([(await run(['shell'])).code, (await run(['start'])).code, (await run(['shell', 'primary'])).code]).toEqual([0, 0, 0]);
  expect(mounts()).toEqual([]);
});

test.each([[['shell']], [['start']], [['launch', '-n', 'primary']]])('%j goes on where mounts are refused, and says so in one line', async (words) => {
  mount = (answer) => json(answer, { code: 'not-supported', message: 'Mounts are disabled on this installation of Holdfast.', hint: 'allow them: holdfast set local.privileged-mounts=true' }, 400);
  const { code, stdout, stderr } = await run(words);
  expect([code, stdout]).toEqual([0, 'Launched: primary in zone1\n']);
  expect(stderr.split('\n').filter((line) => line.includes('not mounted'))).toEqual([`Your home directory ${person} is not mounted in primary: Mounts are disabled on this installation of Holdfast. (allow them: holdfast set local.privileged-mounts=true)`]);
});

test.each([
  ['/', 'it is the root of this machine'],
  ['/no such', 'does not exist'],
])('a home directory that is %s is not mounted, and asked for of nobody', async (home, why) => {
  const { code, stderr } = await run(['start'], { HOME: home });
  expect([code, stderr]).toEqual([0, expect.stringContaining(`Your home directory ${home} is not mounted in primary: `)]);
  expect(stderr).toContain(why);
  expect(mounts()).toEqual([]);
});

test('under Multipass\'s name the way out has its name', async () => {
  mount = (answer) => json(answer, { code: 'not-supported', message: 'no', hint: 'see: holdfast help mount' }, 400);
  expect((await run(['--as=multipass', 'start'], { HOME: person })).stderr).toContain('(see: multipass help mount)');
});
