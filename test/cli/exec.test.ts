/** The built program against a stand-in for the exec socket: bytes, backpressure, signals, ends. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import type { ClientControl, ExecFrameRequest, ServerControl } from '../../src/api/exec-frames.ts';
import { controlFrame, FRAME, frame, MAX_FRAME_BYTES } from '../../src/api/frames.ts';
import { json, makeBench, ran, type Bench } from './bench-cli.ts';

let bench: Bench;
let serve: (guest: Guest) => void;

interface Guest {
  readonly request: ExecFrameRequest;
  readonly socket: WebSocket;
  tell(message: ServerControl): void;
  out(bytes: Uint8Array): void;
  on: { stdin(bytes: Buffer): void; control(message: ClientControl): void };
}

/** As Multipass writes them. */
const ALIASES = {
  'active-context': 'default',
  contexts: { default: { mapped: { command: 'ls', instance: 'apollo', 'working-directory': 'map' }, unmapped: { command: 'ls', instance: 'apollo', 'working-directory': 'default' } } },
};

beforeAll(async () => {
  bench = await makeBench();
  mkdirSync(join(bench.home, 'client'));
  writeFileSync(join(bench.home, 'client/multipass_aliases.json'), JSON.stringify(ALIASES));
  const server = await bench.serve(({ url }, answer) => {
    if (url === '/v1/settings/client.primary-name') json(answer, { key: 'client.primary-name', value: 'primary' });
    else json(answer, { code: 'not-found', message: 'no', hint: null }, 404);
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false });
  server.on('upgrade', (request, stream, head) => {
    if (request.url?.includes('/ghost/')) {
      const body = JSON.stringify({ code: 'instance-not-found', message: 'instance "ghost" does not exist', hint: null });
      stream.end(`HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`);
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      let guest: Guest | undefined;
      socket.on('message', (data: Buffer) => {
        if (data[0] === FRAME.stdin) return guest?.on.stdin(data.subarray(1));
        const message = JSON.parse(data.subarray(1).toString()) as ClientControl;
        if (message.type !== 'request') return guest?.on.control(message);
        guest = {
          request: message, socket, on: { stdin: () => {}, control: () => {} },
          tell: (said) => socket.send(controlFrame(said)), out: (bytes) => socket.send(frame(FRAME.stdout, bytes)),
        };
        serve(guest);
      });
    });
  });
});
afterAll(() => bench[Symbol.asyncDispose]());

const started: ServerControl = { type: 'started', rung: 'lane', passedOver: [] };

test('command, directory and exit code go through; --verbose says on stderr what carried it', async () => {
  let asked: ExecFrameRequest | undefined;
  serve = ({ request, tell, out, socket }) => {
    asked = request;
    tell({ type: 'started', rung: 'address', passedOver: ['lane: no banner within 2 s'] });
    out(Buffer.from([0, 255, 10, 13]));
    socket.send(frame(FRAME.stderr, Buffer.from('oops\n')));
    tell({ type: 'exit', code: 42 });
  };
  const child = bench.start(['exec', '--verbose', 'apollo', '-d', '/srv', '--', 'sh', '-c', 'a "b" $c']);
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stdin?.end();
  const { code, stderr } = await ran(child);
  expect([code, stderr]).toEqual([42, 'carried by: address; passed over: lane: no banner within 2 s\noops\n']);
  expect(Buffer.concat(chunks)).toEqual(Buffer.from([0, 255, 10, 13]));
  expect(asked).toEqual({ type: 'request', command: ['sh', '-c', 'a "b" $c'], cwd: '/srv' });
});

test.each([
  [['exec', 'apollo', '--', 'ls'], process.cwd()],
  [['exec', '-n', 'apollo', '--', 'ls'], undefined],
  [['shell', 'apollo'], process.cwd()],
  [['shell', '-n', 'apollo'], undefined],
  [['mapped'], process.cwd()],
  [['unmapped'], undefined],
])('%j tells the directory that it is called in, for its counterpart in the instance: %s', async (words, from) => {
  let asked: ExecFrameRequest | undefined;
  serve = ({ request, tell }) => {
    asked = request;
    tell(started);
    tell({ type: 'exit', code: 0 });
  };
  expect((await bench.run(words)).code).toBe(0);
  expect([asked?.from, asked?.cwd]).toEqual([from, undefined]);
});

test('what it waits for is told on stderr; a shell has an empty command', async () => {
  let asked: ExecFrameRequest | undefined;
  serve = ({ request, tell }) => {
    asked = request;
    tell({ type: 'progress', stage: 'Starting apollo' });
    tell(started);
    tell({ type: 'exit', code: 0 });
  };
  expect(await bench.run(['shell', 'apollo', '--timeout', '7'])).toEqual({ code: 0, stdout: '', stderr: 'Starting apollo\n' });
  expect(asked).toEqual({ type: 'request', command: [], from: process.cwd(), timeoutSeconds: 7 });
});

test.each([
  ['a signal', { type: 'signalled', signal: 'KILL' } as const, 137, ''],
  ['a guest out of reach', { type: 'error', error: { code: 'guest-unreachable', message: 'no rung answers', hint: 'see: holdfast logs' } } as const, 255, 'exec failed: no rung answers\nsee: holdfast logs\n'],
  ['an instance that crashed', { type: 'error', error: { code: 'instance-crashed', message: 'it crashed', hint: null } } as const, 2, 'exec failed: it crashed\n'],
])('%s has its exit code', async (_, end, exit, message) => {
  serve = ({ tell }) => tell(end);
  expect(await bench.run(['exec', 'apollo', '--', 'x'])).toEqual({ code: exit, stdout: '', stderr: message });
});

test('--timeout is for all until the command begins: a start that does not end by then ends with 5', { timeout: 30_000 }, async () => {
  const closed = Promise.withResolvers<void>();
  serve = ({ tell, socket }) => {
    tell({ type: 'progress', stage: 'Starting apollo' });
    socket.once('close', () => closed.resolve());
  };
  expect(await bench.run(['shell', 'apollo', '--timeout', '1'])).toEqual({
    code: 5, stdout: '', stderr: 'Starting apollo\nshell failed: timed out waiting for apollo\nhow it stands: holdfast info apollo\n',
  });
  await closed.promise;
  serve = ({ tell }) => {
    tell(started);
    setTimeout(() => tell({ type: 'exit', code: 3 }), 5_500);
  };
  expect((await bench.run(['shell', 'apollo', '--timeout', '5'])).code).toBe(3);
});

test('a refusal before the socket opens is told as any other, and a lost daemon is a failed exec', async () => {
  expect(await bench.run(['exec', 'ghost', '--', 'x'])).toEqual({ code: 2, stdout: '', stderr: 'exec failed: instance "ghost" does not exist\n' });
  serve = ({ tell, socket }) => {
    tell(started);
    setTimeout(() => socket.terminate(), 50);
  };
  expect(await bench.run(['exec', 'apollo', '--', 'x'])).toMatchObject({ code: 255, stderr: expect.stringContaining('exec failed: the connection to the daemon was lost') });
});

test('stdin arrives whole, in frames that the API takes, and its end is told', async () => {
  const input = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * 7) % 256));
  const received: Buffer[] = [];
  serve = (guest) => {
    guest.tell(started);
    guest.on = { stdin: (bytes) => received.push(bytes), control: (message) => { if (message.type === 'eof') guest.tell({ type: 'exit', code: 0 }); } };
  };
  expect((await bench.run(['exec', 'apollo', '--', 'cat'], input)).code).toBe(0);
  expect(Buffer.concat(received).equals(input)).toBe(true);
});

test.each(['</dev/null', '<&-', '</'])('stdin that is %s has ended before it is read', async (redirection) => {
  const received: Buffer[] = [];
  serve = (guest) => {
    guest.tell(started);
    guest.on = { stdin: (bytes) => received.push(bytes), control: (message) => { if (message.type === 'eof') guest.tell({ type: 'exit', code: 7 }); } };
  };
  const child = spawn('sh', ['-c', `exec "$@" ${redirection}`, 'sh', process.execPath, bench.cli, 'exec', 'apollo', '--', 'cat'], {
    env: { PATH: process.env['PATH'], HOLDFAST_HOME: bench.home, HOLDFAST_OFFLINE: '1' }, stdio: 'pipe',
  });
  expect(await ran(child)).toEqual({ code: 7, stdout: '', stderr: '' });
  expect(received).toEqual([]);
});

const CHUNK = 64 * 1024;
const TOTAL = 100 * 1024 * 1024;
const ROOM_BYTES = 160 * 1024 * 1024;

test('100 MB for a reader that is slow pass through without being kept in memory', { timeout: 60_000 }, async () => {
  const sent = createHash('sha256');
  serve = ({ tell, socket }) => {
    tell(started);
    let left = TOTAL / CHUNK;
    const next = () => {
      if (left-- === 0) return tell({ type: 'exit', code: 0 });
      const bytes = Buffer.alloc(CHUNK, left % 256);
      sent.update(bytes);
      socket.send(frame(FRAME.stdout, bytes), () => { next(); });
    };
    next();
  };
  const child = bench.start(['exec', 'apollo', '--', 'cat', 'big']);
  child.stdin?.end();
  const got = createHash('sha256');
  let bytes = 0;
  let most = 0;
  let pauses = 0;
  child.stdout?.on('data', (chunk: Buffer) => {
    got.update(chunk);
    bytes += chunk.length;
    if (pauses * 10 * 1024 * 1024 > bytes) return;
    pauses += 1;
    most = Math.max(most, memoryOf(child.pid ?? 0));
    child.stdout?.pause();
    setTimeout(() => child.stdout?.resume(), 30);
  });
  const [code] = await once(child, 'close') as [number];
  expect([code, bytes, got.digest('hex')]).toEqual([0, TOTAL, sent.digest('hex')]);
  expect(pauses).toBeGreaterThanOrEqual(10);
  expect(most).toBeLessThan(ROOM_BYTES);
});

test('100 MB into a guest that is slow wait in their file', { timeout: 60_000 }, async () => {
  let most = 0;
  let bytes = 0;
  let pid = 0;
  serve = (guest) => {
    guest.tell(started);
    guest.on = {
      stdin: (chunk) => {
        bytes += chunk.length;
        if (bytes % (8 * 1024 * 1024) >= chunk.length) return;
        most = Math.max(most, memoryOf(pid));
        guest.socket.pause();
        setTimeout(() => guest.socket.resume(), 30);
      },
      control: ({ type }) => { if (type === 'eof') guest.tell({ type: 'exit', code: 0 }); },
    };
  };
  const zero = openSync('/dev/zero', 'r');
  const head = spawn('head', ['-c', String(TOTAL)], { stdio: [zero, 'pipe', 'inherit'] });
  closeSync(zero);
  const child = bench.start(['exec', 'apollo', '--', 'cat']);
  pid = child.pid ?? 0;
  head.stdout?.pipe(child.stdin!);
  expect((await ran(child)).code).toBe(0);
  expect(bytes).toBe(TOTAL);
  expect(most).toBeLessThan(ROOM_BYTES);
});

test('SIGINT and SIGTERM are the command\'s', async () => {
  const signals: string[] = [];
  serve = (guest) => {
    guest.tell(started);
    guest.out(Buffer.from('ready\n'));
    guest.on = {
      stdin: () => {},
      control: (message) => {
        if (message.type !== 'signal') return;
        signals.push(message.name);
        if (message.name === 'TERM') guest.tell({ type: 'signalled', signal: 'TERM' });
        else child.kill('SIGTERM');
      },
    };
  };
  const child = bench.start(['exec', 'apollo', '--', 'sleep', '9']);
  await once(child.stdout!, 'data');
  child.kill('SIGINT');
  expect((await ran(child)).code).toBe(143);
  expect(signals).toEqual(['INT', 'TERM']);
});

test('a reader that leaves ends it without a word', async () => {
  serve = ({ tell, socket }) => {
    tell(started);
    const more = () => { if (socket.readyState === socket.OPEN) socket.send(frame(FRAME.stdout, Buffer.alloc(CHUNK, 'y\n')), more); };
    more();
  };
  const child = bench.start(['exec', 'apollo', '--', 'yes']);
  child.stdout?.once('data', () => child.stdout?.destroy());
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => { stderr += chunk.toString(); });
  const [code] = await once(child, 'close') as [number];
  expect([code, stderr]).toEqual([141, '']);
});

/** Resident, in bytes; 0 where the system does not say. */
function memoryOf(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
