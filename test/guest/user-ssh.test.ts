/** The way for users' own ssh clients, against a real sshd on this machine behind a stand-in for the doorman's socket. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { GuestAccess } from '../../src/guest/access.ts';
import { holdGuest } from '../../src/guest/hold.ts';
import { runCommand } from '../../src/guest/run-command.ts';
import { NATIVE } from '../../src/guest/ssh/deadlines.ts';
import { type StandIn, standIn } from './stand-in/doorman.ts';
import { type StandInSshd, standInSshd } from './stand-in/sshd.ts';

const never = new AbortController().signal;
const limits = { deadlineMs: 10_000, signal: never };

let sshd: StandInSshd;
let guest: StandIn;
let access: GuestAccess;
let socketPath: string;
let door: Server | undefined;
const visitors = new Set<Socket>();

beforeAll(() => { sshd = standInSshd(); });
afterAll(() => { sshd[Symbol.dispose](); });
beforeEach(async () => {
  guest = await standIn(sshd);
  socketPath = join(sshd.dir, 'ssh.sock');
  access = holdGuest({
    name: 'apollo', lanes: guest.port, address: undefined, console: undefined, slow: false, defaultUser: sshd.user, controlUser: sshd.user, agentDir: sshd.agentDir, sshSocket: socketPath,
    keys: { controlPrivate: sshd.keys.clientPrivate, sessionPrivate: sshd.keys.clientPrivate, hostPublic: sshd.keys.hostPublic, guestHostPublic: sshd.keys.hostPublic },
    log: () => {}, deadlines: { ...NATIVE, doorman: 2500, banner: 3000 },
  });
});
afterEach(async () => {
  await access[Symbol.asyncDispose]();
  await guest[Symbol.asyncDispose]();
  for (const socket of visitors) socket.destroy();
  if (door) await new Promise((resolve) => { door?.close(resolve); });
  door = undefined;
  rmSync(socketPath, { force: true });
});

async function listen(serve: (socket: Socket) => void): Promise<void> {
  door = createServer({ allowHalfOpen: true }, (socket) => {
    visitors.add(socket);
    socket.on('error', () => {}).on('close', () => visitors.delete(socket));
    serve(socket);
  });
  door.listen(socketPath);
  await once(door, 'listening');
}

/** As the doorman: a line, then an sshd of its own. */
function serveSshd(socket: Socket): void {
  socket.write('holdfast-doorman 1.0.0 socket 1\r\n');
  const child = sshd.spawn();
  child.stdin?.on('error', () => {});
  socket.pipe(child.stdin!);
  child.stdout?.pipe(socket);
  socket.on('close', () => child.kill('SIGKILL'));
}

async function read(stream: Duplex, bytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    const piece = chunk as Buffer;
    pieces.push(piece);
    length += piece.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(pieces);
}

test('eight at once begin with the banner of an sshd, whatever the doorman says before it', async () => {
  await listen(serveSshd);
  const all = await Promise.all(Array.from({ length: 8 }, () => access.openSsh(limits)));
  for (const { stream, rung, passedOver } of all) {
    expect((await read(stream, 8)).toString()).toMatch(/^SSH-2\.0-OpenSSH/);
    expect([rung, passedOver]).toEqual(['lane', []]);
    stream.destroy();
  }
  expect(guest.connects.get('bulk')).toBe(1);
});

test('bytes come through whole both ways, and each direction ends by itself', async () => {
  await listen((socket) => {
    socket.write('SSH-2.0-echo\r\n');
    socket.pipe(socket);
  });
  const { stream } = await access.openSsh(limits);
  const sent = Buffer.alloc(20_000_000);
  for (let at = 0; at < sent.length; at += 4) sent.writeUInt32LE(at, at);
  const whole = read(stream, Number.POSITIVE_INFINITY);
  stream.end(sent);
  expect(Buffer.compare(await whole, Buffer.concat([Buffer.from('SSH-2.0-echo\r\n'), sent]))).toBe(0);
});

test('one that nobody reads neither grows nor holds up the others, or a command', async () => {
  const flood = Buffer.alloc(64 * 1024);
  await listen((socket) => {
    socket.write('SSH-2.0-flood\r\n');
    const pour = (): void => { while (!socket.destroyed && socket.write(flood)); };
    socket.on('drain', pour);
    pour();
  });
  const stuck = await access.openSsh(limits);
  const other = await access.openSsh(limits);
  expect((await read(other.stream, 30_000_000)).length).toBeGreaterThanOrEqual(30_000_000);
  expect(stuck.stream.readableLength).toBeLessThan(256 * 1024);
  // Held in ssh2: one window.
  expect(guest.sent()).toBeLessThan(30_000_000 + 12_000_000);
  const { shell } = await access.reach('bulk', limits);
  expect(await runCommand(shell, ['echo', 'x'], { maxBytes: 100, deadlineMs: 5_000, signal: never })).toMatchObject({ stdout: 'x\n' });
  stuck.stream.destroy();
  other.stream.destroy();
});

const BROKEN: readonly (readonly [what: string, serve: ((socket: Socket) => void) | undefined, message: RegExp])[] = [
  ['no doorman', undefined, /its doorman did not let an ssh client in: the guest did not open the stream: /],
  ['a doorman that says nothing', () => {}, /its doorman took the connection and said nothing within 2\.5 s/],
  ['a doorman that hangs up', (socket) => void socket.end(), /its doorman hung up/],
  ['an sshd that cannot start', (socket) => void socket.end('holdfast-doorman 1 socket 1\r\nholdfast-doorman-error no host\u001b key\r\n'), /sshd could not be started in the guest: no host  key$/],
  ['an sshd that says nothing', (socket) => void socket.write('holdfast-doorman 1 socket 1\r\n'), /its doorman answered, but sshd did not within 3 s/],
  ['something that is no sshd', (socket) => void socket.write(Buffer.alloc(100_000, 'x')), /what answered in the guest is no sshd/],
];

test.each(BROKEN)('%s is said within a deadline, in words', async (_what, serve, message) => {
  if (serve) await listen(serve);
  await expect(access.openSsh(limits)).rejects.toMatchObject({ code: 'guest-unreachable', message: expect.stringMatching(message) as string });
});

test('a bulk lane that is not there is said within the deadline', async () => {
  guest.setOpen('bulk', false);
  const began = performance.now();
  await expect(access.openSsh({ deadlineMs: 700, signal: never })).rejects.toMatchObject({ message: expect.stringContaining('its bulk lane: nothing in the guest has it open') as string });
  expect(performance.now() - began).toBeLessThan(3_000);
});

test('a lane that is lost ends the stream', async () => {
  await listen(serveSshd);
  const { stream } = await access.openSsh(limits);
  stream.resume();
  guest.cut('bulk');
  await once(stream, 'close', { signal: AbortSignal.timeout(5_000) });
});
