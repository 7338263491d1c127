/** What the host reads of a guest, against a guest that wishes it ill. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectTo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Duplex, PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { Server } from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HoldfastError } from '../../src/core/errors.ts';
import { isOlder } from '../../src/guest/agent-calls.ts';
import { Allowance } from '../../src/guest/allowance.ts';
import { tellDoorman } from '../../src/guest/fork/word.ts';
import type { LanePort } from '../../src/guest/lane-port.ts';
import { lastWords, reportLines } from '../../src/guest/report-lines.ts';
import { MAX_LINE_BYTES, parseReport } from '../../src/guest/report-parser.ts';
import { parseConsole } from '../../src/guest/rungs/console-frame.ts';
import { ConsoleShell } from '../../src/guest/rungs/console.ts';
import { findBanner, STALE_LIMIT } from '../../src/guest/ssh/banner.ts';
import { connectSsh } from '../../src/guest/ssh/connect.ts';
import { NATIVE } from '../../src/guest/ssh/deadlines.ts';
import { printable, ReachFailure } from '../../src/guest/ssh/failure.ts';
import { parseHostKey } from '../../src/guest/ssh/host-key.ts';
import type { SshShell } from '../../src/guest/ssh/shell.ts';
import { SshTransport } from '../../src/guest/ssh/transport.ts';
import { type StandInSshd, standInSshd } from '../guest/stand-in/sshd.ts';
import { anyJson, bytesAround, expectSoon, LONG, sameHoweverCut } from './properties.ts';

const never = new AbortController().signal;
const NETWORK = '{"v":1,"type":"network","links":[],"defaultRoutes":[]}';

describe('the reporter', () => {
  test('whatever it says is a report or is refused, in the same words however often it is read', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), anyJson.map((value) => JSON.stringify(value))), (line) => {
      const parsed = parseReport(line);
      expect('report' in parsed ? typeof parsed.report.type : parsed.refused.length > 0).toBeTruthy();
      expect(parseReport(line)).toEqual(parsed);
    }));
  });

  test('an address that it names is one, of the family that it names', () => {
    const text = fc.oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(/^[0-9a-f.:]{2,45}$/));
    fc.assert(fc.property(text, fc.constantFrom(4, 6), (address, family) => {
      const link = { name: 'a', mac: 'b', up: true, carrier: true, driver: null, addresses: [{ address, prefix: 1, family, scope: 'global', dynamic: true }] };
      const parsed = parseReport(JSON.stringify({ ...JSON.parse(NETWORK) as object, links: [link] }));
      if ('report' in parsed) expect(address).toMatch(family === 4 ? /^\d+(\.\d+){3}$/ : /:/);
    }));
  });

  const linesOf = async (pieces: readonly Buffer[]): Promise<string[]> => {
    const found: string[] = [];
    for await (const line of reportLines(Readable.from(pieces), never, () => {}, { lines: 1e9, bytes: 1e9 })) found.push(line);
    return found;
  };

  test('its lines are the same however the stream was cut', async () => {
    await sameHoweverCut(bytesAround([`${NETWORK}\n`, '\n', '\r\n', '\u00c3\u00a9\n', '\0', 'x'.repeat(MAX_LINE_BYTES - 2), '\u00c3\u00a9'.repeat(MAX_LINE_BYTES / 2)], 8), linesOf, 60);
  });

  test.each([
    ['lines', Buffer.from(`${NETWORK}\n`.repeat(1000))],
    ['a line without an end', Buffer.alloc(65_536, 'a')],
  ])('a flood of %s is read no faster than allowed, and told of', async (_what, block) => {
    let given = 0;
    let flooded = 0;
    const stream = new Readable({ read() { given += block.length; this.push(block); } });
    const stop = AbortSignal.timeout(2_500);
    for await (const _line of reportLines(stream, stop, () => { flooded += 1; })) { /* as its reader does */ }
    expect(flooded).toBeGreaterThan(0);
    // Three seconds' worth, and what lies in the stream's own buffers.
    expect(given).toBeLessThan(3 * 256 * 1024 + 4 * block.length + stream.readableHighWaterMark);
  });

  test('so is a flood of complaints, of which only the end is kept', async () => {
    let given = 0;
    let flooded = 0;
    const block = Buffer.alloc(65_536, 'a');
    const stream = new Readable({ read() { given += block.length; this.push(block); } });
    const stop = AbortSignal.timeout(1_500);
    const words = lastWords(stream, stop, () => { flooded += 1; });
    await new Promise((resolve) => { stop.addEventListener('abort', resolve); });
    stream.destroy();
    expect(words()).toBe('a'.repeat(400));
    expect(flooded).toBeGreaterThan(0);
    expect(given).toBeLessThan(3 * 256 * 1024 + 5 * block.length);
  });

  test('an allowance is for a second, and the next second has its own', async () => {
    const allowance = new Allowance(10);
    expect(await allowance.take(10, never)).toBe(false);
    const since = performance.now();
    expect(await allowance.take(1, never)).toBe(true);
    expect(performance.now() - since).toBeGreaterThan(500);
    expect(await allowance.take(10, never)).toBe(false);
  });

  test('a version that its agent names is older than ours or not, and never both ways', () => {
    const version = fc.oneof(fc.string(), fc.stringMatching(/^\d{1,400}(\.\d{1,4}){0,3}$/));
    fc.assert(fc.property(version, version, (a, b) => { expect(isOlder(a, b) && isOlder(b, a)).toBe(false); }));
  });
});

describe('the doorman', () => {
  const lanes = (answer: string): LanePort => ({
    connect: () => Promise.resolve(new Duplex({
      read() {},
      write(_piece, _encoding, done) { this.push(answer); this.push(null); done(); },
    })),
    isGuestOpen: () => true,
    onGuestOpen: () => () => {},
  });

  test('whatever it answers to a word is an answer or an error of ours', async () => {
    await fc.assert(fc.asyncProperty(fc.oneof(fc.string(), anyJson.map((value) => `${JSON.stringify(value)}\n`), anyJson.map((error) => `${JSON.stringify({ error })}\n`)), async (said) => {
      const answer = await tellDoorman(lanes(said), { do: 'clock' }, 1_000, never).catch((error: unknown) => error);
      if (answer instanceof Error) expect(answer).toBeInstanceOf(HoldfastError);
      else expect(typeof answer).toBe('object');
    }));
  });

  const MARKS = ['holdfast-doorman ', 'holdfast-doorman 1 control 1\r\n', 'holdfast-doorman-error ', 'holdfast-doorman-error no sshd\r\n', 'SSH-2.0-', 'SSH-2.0-x\r\n', 'SSH-', '\n', 'y'.repeat(600)];

  test('its line and the banner are the same however the stream was cut', async () => {
    const seen = (pieces: readonly Buffer[]): string[] => {
      const found: string[] = [];
      let held = Buffer.alloc(0);
      for (const [index, piece] of pieces.entries()) {
        held = Buffer.concat([held, piece]);
        for (let more = true; more;) {
          const find = findBanner(held);
          more = find.kind === 'doorman' || find.kind === 'error';
          if (find.kind === 'more') held = held.subarray(find.keepFrom);
          else if (find.kind === 'banner') return [...found, `banner ${Buffer.concat([held.subarray(find.at), ...pieces.slice(index + 1)]).toString('latin1')}`];
          else {
            found.push(find.kind === 'doorman' ? find.line : `error ${find.reason}`);
            held = held.subarray(find.end);
          }
        }
      }
      return found;
    };
    await sameHoweverCut(bytesAround(MARKS), seen, 400);
  });

  test.each(MARKS)('%j over and over ends the connection soon, with little kept', async (mark) => {
    const raw = new PassThrough();
    const transport = new SshTransport(raw);
    const started = transport.banner.then(() => 'started', (error: unknown) => error);
    const before = process.cpuUsage();
    for (let sent = 0; sent < 4 * STALE_LIMIT && !raw.destroyed; sent += 8192) {
      raw.write(Buffer.alloc(8192, mark));
      await new Promise((resolve) => { setImmediate(resolve); });
    }
    const outcome = await Promise.race([started, new Promise((resolve) => { setTimeout(resolve, 1_000, 'it goes on'); })]);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(4);
    if (mark.includes('SSH-2')) expect(outcome).toBe('started');
    else expect(outcome).toBeInstanceOf(ReachFailure);
    transport.destroy();
  });

  test('its words are made plain', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
      // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
      expect(printable(text, 40)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      expect(printable(text, 40).length).toBeLessThanOrEqual(41);
    }));
  });
});

describe('the rescue line', () => {
  const marker = 'hf0123456789abcdef01234567';

  test('whatever comes over it is an answer, none yet, or damage in words of ours', () => {
    fc.assert(fc.property(bytesAround([`${marker}-out\n`, `${marker}-err\n`, `${marker}-end `, `${marker}-end 0\r\n`, `${marker}-end 999\n`, 'YQ==', '\n', '7']), (bytes) => {
      try {
        const answer = parseConsole(bytes.toString('latin1'), marker);
        if (answer) expect('code' in answer.exit && answer.exit.code >= 0 && answer.exit.code <= 255).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(HoldfastError);
      }
    }), { numRuns: 400 });
  });

  test('a guest that writes without end is hung up on, and what it said is not kept', async () => {
    let given = 0;
    const line = new Duplex({ read() { given += 65_536; this.push(Buffer.alloc(65_536, 'a')); }, write(_piece, _encoding, _done) { /* takes nothing */ } });
    await using shell = new ConsoleShell({ connect: () => Promise.resolve(line) }, undefined);
    const session = await shell.exec({ command: ['true'] }, never);
    await expect(session.exit).rejects.toMatchObject({ code: 'exec-failed' });
    expect(line.destroyed).toBe(true);
    expect(given).toBeLessThan(10 * 1024 * 1024);
  });

  test('the mark of an end over and over takes no more than its length', () => {
    expectSoon('the answer', () => { try { parseConsole(`${marker}-end x\n`.repeat(LONG / 30), marker); } catch { /* damage */ } });
  });
});

describe('an sshd of a guest', () => {
  let sshd: StandInSshd;
  beforeAll(() => { sshd = standInSshd(); });
  afterAll(() => { sshd[Symbol.dispose](); });

  test('that is none ends in a failure to reach, whatever it says after its banner', async () => {
    const words = ['SSH-2.0-x\r\n', 'SSH-2.0-', '\0\0\0\u000c\n\u0014', '\0\0\u0001\u0014\u0008\u0014', 'curve25519-sha256', 'a'.repeat(9000), '\r\n', '\u00ff\u00ff\u00ff\u00ff'];
    await fc.assert(fc.asyncProperty(bytesAround(words), async (bytes) => {
      const guest = new Duplex({ read() {}, write(_piece, _encoding, done) { done(); } });
      guest.push(Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), bytes]));
      guest.push(null);
      const failure = await connectSsh(
        { connect: () => Promise.resolve(guest), doorman: false, deadlines: { ...NATIVE, login: 300 } },
        { user: 'root', privateKey: sshd.keys.clientPrivate, hostKey: parseHostKey(sshd.keys.hostPublic) }, never,
      ).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(HoldfastError);
      expect(guest.destroyed).toBe(true);
    }), { numRuns: 60 });
  });

  const guests: Socket[] = [];

  /** One that has the right key and speaks the protocol, and is its root's own. */
  async function hostile(twist: (protocol: { channelOpenConfirm(remote: number, local: number, window: number, packet: number): void }) => void): Promise<{ readonly shell: SshShell; readonly guest: Socket }> {
    const server = new Server({ hostKeys: [readFileSync(join(sshd.dir, 'host'))] }, (client) => {
      client.on('error', () => {}).on('authentication', (context) => context.accept());
      twist((client as unknown as { _protocol: { channelOpenConfirm(remote: number, local: number, window: number, packet: number): void } })._protocol);
      client.on('session', (accept) => { accept().on('exec', (acceptExec) => { acceptExec(); }); });
    });
    // Over a socket: ssh2 does not expect an answer in the midst of its writing.
    const path = join(sshd.dir, `hostile-${performance.now()}.sock`);
    const listener = createServer((socket) => { guests.push(socket); server.injectSocket(socket); });
    await new Promise<void>((resolve) => { listener.listen(path, resolve); });
    const ours = connectTo(path);
    await once(ours, 'connect');
    listener.close();
    const shell = await connectSsh({ connect: () => Promise.resolve(ours), doorman: false, deadlines: NATIVE }, { user: 'root', privateKey: sshd.keys.clientPrivate, hostKey: parseHostKey(sshd.keys.hostPublic) }, never);
    return { shell, guest: guests.at(-1) ?? ours };
  }

  test('that takes packets of no bytes only is let go: the daemon would write to it for ever', async () => {
    const { shell } = await hostile((protocol) => {
      const confirm = protocol.channelOpenConfirm.bind(protocol);
      protocol.channelOpenConfirm = (remote, local, window) => confirm(remote, local, window, 0);
    });
    await expect(shell.exec({ command: ['cat'] }, never)).rejects.toMatchObject({ message: expect.stringContaining('no packets of a usable size') as string });
    expect(await shell.closed).toContain('no packets of a usable size');
  });

  test('that opens a window without an end and reads nothing: what a command is given waits where it comes from', async () => {
    const { shell, guest } = await hostile((protocol) => {
      const confirm = protocol.channelOpenConfirm.bind(protocol);
      protocol.channelOpenConfirm = (remote, local, _window, packet) => confirm(remote, local, 0xffff_ffff, packet);
    });
    const session = await shell.exec({ command: ['cat'] }, never);
    guest.pause();
    let taken = 0;
    for (let drained = true; drained && taken < 64 * 1024 * 1024; taken += 65_536) {
      if (session.stdin.write(Buffer.alloc(65_536))) continue;
      drained = await Promise.race([once(session.stdin, 'drain').then(() => true), new Promise<false>((resolve) => { setTimeout(resolve, 300, false); })]);
    }
    expect(taken).toBeLessThan(4 * 1024 * 1024);
    shell.drop('enough');
  });
});
