/** The built program on a real terminal: raw mode, its end, the window's size, the spinner. */
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import type { ClientControl, ExecFrameRequest, ServerControl } from '../../src/api/exec-frames.ts';
import { controlFrame, FRAME, frame } from '../../src/api/frames.ts';
import { event, json, makeBench, operation, type Bench } from './bench-cli.ts';
import { hasPython, onTerminal } from './pty.ts';

let bench: Bench;
let requests: ExecFrameRequest[];
let controls: ClientControl[];
let typed: string;
let received: number;
let sockets: WebSocketServer;
const MIB = 1024 * 1024;

beforeAll(async () => {
  bench = await makeBench();
  const server = await bench.serve(({ method, url, body }, answer) => {
    const attached = operation({ status: 'done', result: { index: '1', mac: '52:54:00:00:00:09' } });
    if (url.endsWith('/cards') && body.includes('"makeBridge":true')) json(answer, attached, 202);
    else if (url.endsWith('/cards')) json(answer, { code: 'consent-needed', message: 'eth0 is in no bridge', hint: null }, 409);
    else if (url.endsWith('/events') && bench.asked.some((asked) => asked.url.endsWith('/cards'))) event(answer, attached);
    else if (method === 'DELETE') json(answer, operation({ status: 'cancelled' }));
    else if (url.endsWith('/events')) event(answer, operation({ fraction: 0.42 }));
    else json(answer, operation(), 202);
  });
  sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, stream, head) => sockets.handleUpgrade(request, stream, head, (socket) => {
    const tell = (message: ServerControl) => socket.send(controlFrame(message));
    requests = [];
    controls = [];
    typed = '';
    received = 0;
    if (request.url?.endsWith('/console')) socket.send(Buffer.concat([Buffer.from([FRAME.control]), Buffer.from(JSON.stringify({ type: 'started', rung: null, passedOver: [] }))]));
    socket.on('message', (data: Buffer) => {
      if (data[0] === FRAME.stdin && requests.at(-1)?.bulk) {
        // As a guest that takes no more: the transfer stays where it is.
        received += data.length;
        if (received > MIB) socket.pause();
        return;
      }
      if (data[0] === FRAME.stdin) {
        typed += data.subarray(1).toString();
        socket.send(frame(FRAME.stdout, Buffer.from(`[${JSON.stringify(typed)}]`)));
        if (typed.endsWith('\u0004')) tell({ type: 'exit', code: 7 });
        return;
      }
      const message = JSON.parse(data.subarray(1).toString()) as ClientControl;
      if (message.type !== 'request') {
        controls.push(message);
        if (message.type === 'resize') socket.send(frame(FRAME.stdout, Buffer.from(`<${message.cols}x${message.rows}>`)));
        return;
      }
      requests.push(message);
      tell({ type: 'progress', stage: 'Starting apollo' });
      tell({ type: 'started', rung: 'lane', passedOver: [] });
    });
  }));
});
afterAll(async () => {
  for (const socket of sockets.clients) socket.terminate();
  await bench[Symbol.asyncDispose]();
});

test.runIf(hasPython)('a shell gets the terminal raw: keys, size and its change go in, and it is given back', { timeout: 30_000 }, async () => {
  const seen = await onTerminal(bench, ['shell', 'apollo'], [['<101x33>', 'keys', 'a\u0003'], ['["a\\u0003"]', 'size', [120, 40]], ['<120x40>', 'keys', '\u0004']]);
  expect(requests).toEqual([{ type: 'request', command: [], from: process.cwd(), terminal: { term: 'vt220', cols: 101, rows: 33 } }]);
  expect(typed).toBe('a\u0003\u0004');
  expect(seen).toMatchObject({ code: 7, raw: true, restored: true });
  expect(controls).toContainEqual({ type: 'resize', cols: 120, rows: 40 });
});

test.runIf(hasPython).each([[1, 129], [15, 143]])('signal %i ends it and leaves the terminal as it was', { timeout: 30_000 }, async (signal, code) => {
  const seen = await onTerminal(bench, ['exec', 'apollo', '--', 'top'], [['<101x33>', 'keys', 'x'], ['["x"]', 'kill', signal]]);
  expect(seen).toMatchObject({ raw: true, restored: true, code });
});

test.runIf(hasPython)('the spinner takes its line away, and Ctrl-C undoes the launch', { timeout: 30_000 }, async () => {
  const seen = await onTerminal(bench, ['launch'], [['Creating apollo: 42%', 'keys', '\u0003']]);
  expect(seen.code).toBe(2);
  expect(seen.seen.split('\r\u001b[2K').at(-1)).toBe('launch failed: cancelled, and undone\r\n');
});

test.runIf(hasPython)('a console gets every key but the one that detaches, which leaves the terminal as it was', { timeout: 30_000 }, async () => {
  const seen = await onTerminal(bench, ['console', 'apollo'], [['Attached to the console of apollo; Ctrl-] detaches', 'keys', 'a\u0003'], ['["a\\u0003"]', 'keys', 'b\u001d']]);
  expect(typed).toBe('a\u0003b');
  expect(seen).toMatchObject({ code: 0, raw: true, restored: true });
  expect(seen.seen).toContain('Detached from the console of apollo');
});

test.runIf(hasPython).each([[1, 129], [15, 143]])('signal %i at a console leaves the terminal as it was', { timeout: 30_000 }, async (signal, code) => {
  const seen = await onTerminal(bench, ['console', 'apollo'], [['Ctrl-] detaches', 'keys', 'x'], ['["x"]', 'kill', signal]]);
  expect(seen).toMatchObject({ raw: true, restored: true, code });
});

test.runIf(hasPython).each([['y', 0, 'Attached: card 1 of apollo'], ['n', 1, 'Nothing was changed']])('who sits at a terminal is asked before the host is changed, and says %s', { timeout: 30_000 }, async (word, code, said) => {
  const seen = await onTerminal(bench, ['net', 'attach', 'apollo', '--network', 'eth0'], [['eth0 is in no bridge. Go on? [y/N] ', 'keys', `${word}\r`]]);
  expect(seen).toMatchObject({ code, restored: true, seen: expect.stringContaining(said) as string });
});

test.runIf(hasPython)('a transfer of what is here tells how far it is, of files and of a directory with holes in it', { timeout: 60_000 }, async () => {
  const big = join(bench.home, 'big');
  await mkdir(big);
  await writeFile(join(big, 'a'), Buffer.alloc(5 * MIB, 'a'));
  await writeFile(join(big, 'b'), Buffer.alloc(3 * MIB, 'b'));
  await writeFile(join(big, 'hole'), '');
  await truncate(join(big, 'hole'), 100 * MIB);
  for (const words of [[join(big, 'a'), join(big, 'b')], ['-r', big]]) {
    const seen = await onTerminal(bench, ['transfer', ...words, 'apollo:'], [[' of 8.0MiB: ', 'keys', '\u0003']]);
    expect(seen).toMatchObject({ code: 2, restored: true, seen: expect.stringMatching(/Transferring with apollo: [\d.]+[KM]iB of 8\.0MiB: \d+%/) as string });
  }
});
