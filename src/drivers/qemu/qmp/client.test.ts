import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { QmpClient } from './client.ts';

let directory: string;
let server: Server;
let path: string;
let sockets: Socket[];

/** @param answer  what the stand-in writes for each line it reads, after the greeting */
async function serve(answer: (line: { execute: string; id: string }) => string): Promise<void> {
  server = createServer((socket) => {
    sockets.push(socket);
    socket.write('{"QMP":{"version":{},"capabilities":[]}}\r\n');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\n').filter(Boolean)) socket.write(answer(JSON.parse(line) as { execute: string; id: string }));
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hf-qmp-'));
  path = join(directory, 's');
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  server.close();
  await rm(directory, { recursive: true, force: true });
});

const plain = ({ id }: { id: string }) => `{"return":{},"id":"${id}"}\n`;

test('an answer finds its command whatever comes in between, and whatever a listener makes of that', async () => {
  const held: string[] = [];
  await serve(({ execute, id }) => {
    if (execute === 'qmp_capabilities') return plain({ id });
    held.push(id);
    if (held.length < 2) return '{"event":"RESET","data":{"guest":true},"timestamp":{}}\n';
    return `{"return":"second","id":"${held[1]}"}\n{"return":"nobody asked","id":"99"}\n{"return":"first","id":"${held[0]}"}\n`;
  });
  await using client = await QmpClient.connect(path, 1000);
  const events: string[] = [];
  const failures: unknown[] = [];
  client.onEvent(() => { throw new Error('ours'); }, (error) => failures.push(error));
  client.onEvent((event) => events.push(event.name), (error) => failures.push(error));
  const first = client.execute('human-monitor-command');
  const second = client.execute('human-monitor-command');
  expect(await Promise.all([first, second])).toEqual(['first', 'second']);
  expect([events, failures]).toEqual([['RESET'], [new Error('ours')]]);
});

test('a refusal, silence and a hang-up each reject, naming what happened', async () => {
  await serve(({ execute, id }) => {
    if (execute === 'qmp_capabilities') return plain({ id });
    return execute === 'stop' ? `{"error":{"class":"GenericError","desc":"not now"},"id":"${id}"}\n` : '';
  });
  await using client = await QmpClient.connect(path, 1000);
  await expect(client.execute('stop')).rejects.toThrow(/refused: not now/);
  await expect(client.execute('cont', undefined, 20)).rejects.toThrow(/did not answer cont/);
  const open = client.execute('cont');
  for (const socket of sockets) socket.destroy();
  await expect(open).rejects.toThrow(/hung up/);
  expect(await client.closed).toBe('the monitor hung up');
  await expect(client.execute('cont')).rejects.toThrow(/is gone/);
});

test('nonsense ends the connection', async () => {
  await serve(({ execute, id }) => (execute === 'qmp_capabilities' ? plain({ id }) : 'hello\n'));
  await using client = await QmpClient.connect(path, 1000);
  await expect(client.execute('stop')).rejects.toThrow(/does not speak the protocol/);
});

test('nobody listening, and a listener that does not greet, are told apart', async () => {
  await expect(QmpClient.connect(path, 200)).rejects.toThrow(/cannot be reached/);
  server = createServer((socket) => void sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  await expect(QmpClient.connect(path, 50)).rejects.toThrow(/no greeting/);
});
