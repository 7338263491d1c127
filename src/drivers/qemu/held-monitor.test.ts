import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processStartTime } from '../../host/process/identity.ts';
import { HeldMonitor } from './held-monitor.ts';
import { QmpClient } from './qmp/client.ts';

let directory: string;
let path: string;
let uuid: string;
let server: Server;
let sockets: Socket[];
/** Stands for QEMU's process. */
let child: ChildProcess;
let held: HeldMonitor;
let told: string[];
let taken: QmpClient[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hf-held-'));
  [path, uuid, sockets, told, taken] = [join(directory, 's'), 'ours', [], [], []];
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined).write('{"QMP":{}}\n');
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\n').filter(Boolean)) socket.write(`{"return":{"UUID":"${uuid}"},"id":"${(JSON.parse(line) as { id: string }).id}"}\n`);
    });
  }).listen(path);
  await once(server, 'listening');
  child = spawn('sleep', ['600'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  held = new HeldMonitor({
    name: 'apollo', uuid: 'ours', path, identity: { pid, startTime: await processStartTime(pid) ?? '' }, first: await QmpClient.connect(path, 5_000),
    isEndAsked: () => false,
    log: (_cause, message) => told.push(message),
    taken: (monitor) => {
      taken.push(monitor);
      return Promise.resolve();
    },
    event: ({ name }) => told.push(name),
    ended: () => {
      told.push('ended');
      return Promise.resolve();
    },
  });
  await held.follow();
});
afterEach(async () => {
  await held[Symbol.asyncDispose]();
  child.kill('SIGKILL');
  for (const socket of sockets) socket.destroy();
  server.close();
  await rm(directory, { recursive: true, force: true });
});

test('lost while QEMU runs, it is taken again, and is heard as before', async () => {
  const first = held.current;
  const retaken = Promise.withResolvers<QmpClient>();
  held.onRetaken(() => Promise.reject(new Error('what was under way failed')));
  held.onRetaken(() => {
    retaken.resolve(held.current);
    return Promise.resolve();
  });
  sockets[0]?.destroy();
  const second = await retaken.promise;
  expect(second).not.toBe(first);
  expect([taken.length, taken[0] === first, taken[1] === second]).toEqual([2, true, true]);
  sockets.at(-1)?.write('{"event":"RESET"}\n');
  await expect.poll(() => told, { timeout: 10_000 }).toEqual(['apollo: the monitor hung up, but QEMU runs; connecting again', 'apollo: what was under way failed', 'RESET']);
});

test('one that answers and hangs up again and again is taken again later each time', async () => {
  const [lost, made]: [number[], number[]] = [[], []];
  server.on('connection', () => made.push(performance.now()));
  held.onRetaken(() => {
    if (lost.length < 3) hangUp();
    return Promise.resolve();
  });
  const hangUp = (): void => {
    lost.push(performance.now());
    sockets.at(-1)?.destroy();
  };
  hangUp();
  await expect.poll(() => made.length, { timeout: 20_000 }).toBe(3);
  const waited = made.map((at, index) => at - (lost[index] ?? 0));
  // The first waits only to see whether QEMU ends: END_MS.
  expect(waited.slice(1).every((ms) => ms >= 2_450)).toBe(true);
});

test('another machine\'s is not taken; that QEMU has ended meanwhile is told once', async () => {
  uuid = 'another';
  sockets[0]?.destroy();
  await expect.poll(() => sockets.length, { timeout: 10_000 }).toBeGreaterThan(1);
  child.kill('SIGKILL');
  await expect.poll(() => told, { timeout: 10_000 }).toContain('ended');
  expect([taken.length, told.filter((word) => word === 'ended').length]).toEqual([1, 1]);
});

test('of one that was let go of, nothing is told', async () => {
  await held[Symbol.asyncDispose]();
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect([await held.current.closed, told]).toEqual(['closed by us', []]);
});
