/** What a client does to the exec socket is its own affair: the daemon serves on. */
import { connect } from 'node:net';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { controlFrame } from '../../src/api/frames.ts';
import { makeFakeHome, type FakeHome } from './fake-home.ts';

let home: FakeHome;
beforeEach(async () => {
  home = await makeFakeHome();
  await home.start();
});
afterEach(async () => { await home[Symbol.asyncDispose](); });

const socketPath = (): string => join(home.directory, 'run/holdfastd.sock');
const upgrade = (path: string) =>
  `GET ${path} HTTP/1.1\r\nHost: holdfast\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;

/** Says it and hangs up at once, or once the other end has. */
async function say(text: string, hangUp: boolean): Promise<void> {
  const socket = connect(socketPath());
  socket.on('error', () => {}).resume();
  const closed = new Promise<void>((resolve) => { socket.once('close', () => resolve()); });
  socket.write(text, () => { if (hangUp) socket.destroy(); });
  await closed;
}

test('an upgrade of what is no URL, or is nowhere, by a client that has hung up', async () => {
  await say(upgrade('//['), false);
  for (let count = 0; count < 20; count += 1) await say(upgrade('/nowhere'), true);
  await expect(home.client.call('version', {})).resolves.toMatchObject({ driver: 'fake' });
});

test('a signal that does not exist is refused to whoever sent it', async () => {
  const { id } = await home.client.call('launch', { body: { name: 'apollo', image: `sha256:${home.image}` } });
  await home.client.follow(id, () => {});
  const ws = new WebSocket('ws://holdfast/v1/instances/apollo/exec', { createConnection: () => connect(socketPath()) });
  const said: unknown[] = [];
  const closed = new Promise<void>((resolve) => { ws.once('close', () => resolve()); });
  ws.on('open', () => ws.send(controlFrame({ type: 'request', command: ['sleep', '60'] })));
  ws.on('message', (data: Buffer) => {
    const message = JSON.parse(data.subarray(1).toString()) as { type: string };
    said.push(message);
    if (message.type === 'started') ws.send(controlFrame({ type: 'signal', name: 'FOO' }));
  });
  await closed;
  expect(said).toMatchObject([{ type: 'started' }, { type: 'error', error: { code: 'bad-argument' } }]);
  await expect(home.client.call('version', {})).resolves.toMatchObject({ driver: 'fake' });
});
