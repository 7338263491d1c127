/** The SSH client over a lane, against a real sshd on this machine. */
import { randomBytes } from 'node:crypto';
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'ssh2';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { runCommand } from '../../src/guest/run-command.ts';
import type { ExecRequest } from '../../src/guest/shell.ts';
import { connectSsh } from '../../src/guest/ssh/connect.ts';
import { NATIVE } from '../../src/guest/ssh/deadlines.ts';
import { parseHostKey } from '../../src/guest/ssh/host-key.ts';
import type { SshShell } from '../../src/guest/ssh/shell.ts';
import { collectGarbage } from '../collect-garbage.ts';
import { type StandIn, standIn } from './stand-in/doorman.ts';
import { MAX_SESSIONS, type StandInSshd, standInSshd } from './stand-in/sshd.ts';

const never = new AbortController().signal;

describe('SSH over a lane', () => {
  let sshd: StandInSshd;
  let guest: StandIn;
  let shell: SshShell | undefined;

  beforeAll(() => { sshd = standInSshd(); });
  afterAll(() => { sshd[Symbol.dispose](); });
  beforeEach(async () => { guest = await standIn(sshd); });
  afterEach(async () => {
    await shell?.[Symbol.asyncDispose]();
    shell = undefined;
    await guest[Symbol.asyncDispose]();
  });

  async function connect(options: { hostPublic?: string; doormanMs?: number; bannerMs?: number; slow?: boolean } = {}): Promise<SshShell> {
    shell = await connectSsh(
      { connect: (signal) => guest.port.connect('session', signal), doorman: true, deadlines: { ...NATIVE, doorman: options.doormanMs ?? NATIVE.doorman, banner: options.bannerMs ?? NATIVE.banner }, slow: options.slow ?? false },
      { user: sshd.user, privateKey: sshd.keys.clientPrivate, hostKey: parseHostKey(options.hostPublic ?? sshd.keys.hostPublic) },
      never,
    );
    return shell;
  }

  async function run(request: ExecRequest): Promise<{ out: string; err: string; exit: unknown }> {
    const session = await (shell ?? await connect()).exec(request, never);
    session.stdin.end();
    const text = async (stream: Readable): Promise<string> => Buffer.concat(await stream.toArray()).toString();
    const [out, err, exit] = await Promise.all([text(session.stdout), text(session.stderr), session.exit]);
    return { out, err, exit };
  }

  describe('reaching it', () => {
    test('passes over the bytes that an older session left', async () => {
      guest.faults.stale = Buffer.concat([Buffer.alloc(30_000, 0xa5), Buffer.from('SSH-1 holdfast-door')]);
      expect((await run({ command: ['echo', 'hello'] })).out).toBe('hello\n');
    });

    test.each([false, true])('what is carried arrives as it is, by the ciphers for a guest that is emulated too: %j', async (slow) => {
      const session = await (await connect({ slow })).exec({ command: ['cat'] }, never);
      const octets = randomBytes(1_000_000);
      session.stdin.end(octets);
      expect(Buffer.concat(await session.stdout.toArray() as Buffer[]).equals(octets)).toBe(true);
    });

    test('gives up on a stream that never becomes a session', async () => {
      guest.faults.stale = Buffer.alloc(70_000, 0x20);
      await expect(connect()).rejects.toMatchObject({ stage: 'doorman', code: 'guest-unreachable', message: expect.stringContaining('64 KiB') });
    });

    test('says that nothing answered', async () => {
      guest.faults.answer = 'silent';
      await expect(connect({ doormanMs: 50 })).rejects.toMatchObject({ stage: 'doorman', message: 'nothing in the guest answered within 0.1 s' });
    });

    test('says that the doorman answered and sshd did not', async () => {
      guest.faults.answer = 'no-sshd';
      await expect(connect({ bannerMs: 50 })).rejects.toMatchObject({ stage: 'sshd', message: 'its doorman answered, but sshd did not within 0.1 s' });
    });

    test("hands on the doorman's own reason", async () => {
      guest.faults.answer = 'error';
      await expect(connect()).rejects.toMatchObject({ stage: 'sshd', message: expect.stringContaining('no host key') });
    });

    test('refuses a host key that is not the one made for it', async () => {
      await expect(connect({ hostPublic: sshd.keys.otherPublic })).rejects.toMatchObject({ stage: 'host-key' });
    });

    test('leaves nothing open after a failure', async () => {
      guest.faults.answer = 'no-sshd';
      await expect(connect({ bannerMs: 20 })).rejects.toThrow();
      await expect.poll(() => guest.liveSessions()).toBe(0);
    });
  });

  describe('running commands', () => {
    test.each([
      [['printf', '%s|', 'a b', "it's", '"x"', '$HOME', '`id`', 'back\\slash', '', '*', '!!', '~', '=ls', 'new\nline', 'tab\t', 'é漢🦭', "'\\''"]],
      [['printf', '%s|', '\\n', '\\', "'", '-n', '--', ';', '&&', '\r']],
    ])('gives the program exactly its argv %#', async (command) => {
      expect((await run({ command })).out).toBe(`${command.slice(2).join('|')}|`);
    });

    test('gives environment and directory', async () => {
      expect((await run({ command: ['sh', '-c', 'printf "%s %s" "$PWD" "$GREETING"'], cwd: '/usr/share', env: { GREETING: "it's\nfine" } })).out).toBe("/usr/share it's\nfine");
    });

    test('tells exit codes and signals', async () => {
      expect((await run({ command: ['sh', '-c', 'exit 42'] })).exit).toEqual({ code: 42 });
      expect((await run({ command: ['sh', '-c', 'kill -TERM $$'] })).exit).toEqual({ signal: 'SIGTERM' });
      expect((await run({ command: ['no-such-program'] })).exit).toEqual({ code: 127 });
    });

    test('a guest that is asked by opening a channel has one for the next command, and for no other', async () => {
      await connect();
      await shell!.ping(never, { ahead: true });
      await shell!.ping(never, { ahead: true });
      // sshd counts what waits: it is the first command's.
      const running = [];
      for (let count = 0; count < MAX_SESSIONS; count += 1) running.push(await shell!.exec({ command: ['cat'] }, never));
      await expect(shell!.exec({ command: ['true'] }, never)).rejects.toMatchObject({ code: 'exec-failed', message: expect.stringContaining('refused to start the command') });
      // A refusal is an answer.
      await shell!.ping(never, { ahead: true });
      for (const each of running) {
        each.stdin.end('asked\n');
        expect(Buffer.concat(await each.stdout.toArray()).toString()).toBe('asked\n');
        expect(await each.exit).toEqual({ code: 0 });
      }
      expect((await run({ command: ['echo', 'hello'] })).out).toBe('hello\n');
    });

    test('where one command was a channel waits for the next, which asks for none', async () => {
      const asked = vi.spyOn(Client.prototype, 'exec');
      try {
        await connect();
        expect((await run({ command: ['echo', 'one'] })).out).toBe('one\n');
        // What is answered later is answered after it.
        await shell!.ping(never);
        expect((await run({ command: ['sh', '-c', 'echo two; exit 3'] }))).toEqual({ out: 'two\n', err: '', exit: { code: 3 } });
        expect(asked).toHaveBeenCalledTimes(1);
      } finally {
        asked.mockRestore();
      }
    });

    test('a command on a channel that waited has its terminal, its environment and its exit code', async () => {
      await connect();
      for (const [request, expected] of [
        [{ command: ['sh', '-c', 'printf "%s" "$GREETING"; exit 3'], env: { GREETING: 'hi' } }, { out: 'hi', err: '', exit: { code: 3 } }],
        [{ command: ['sh', '-c', 'test -t 0 && printf terminal'], terminal: { term: 'xterm', cols: 80, rows: 24 } }, { out: 'terminal', err: '', exit: { code: 0 } }],
      ] as const) {
        await shell!.ping(never, { ahead: true });
        expect(await run(request)).toEqual(expected);
      }
    });

    test('knows which signals there are', async () => {
      const session = await (await connect()).exec({ command: ['cat'] }, never);
      expect(() => session.signal('NOSUCH')).toThrow(/no signal/);
      session.signal('SIGTERM');
      await session[Symbol.asyncDispose]();
    });

    test('gives a terminal of the asked size, and resizes it', async () => {
      const session = await (await connect()).exec({ command: ['sh', '-c', 'stty size; read x; stty size'], terminal: { term: 'xterm', cols: 91, rows: 33 } }, never);
      const lines: string[] = [];
      for await (const piece of session.stdout) {
        lines.push(String(piece));
        if (lines.join('').includes('33 91') && lines.length < 3) { session.resize(100, 40); session.stdin.write('\n'); }
        if (lines.join('').includes('40 100')) break;
      }
      expect(lines.join('')).toContain('40 100');
    });

    test('an empty command is the login shell', async () => {
      const session = await (await connect()).exec({ command: [], terminal: { term: 'xterm', cols: 80, rows: 24 } }, never);
      session.stdin.write('echo $((6*7)) $0; exit 3\n');
      const out = Buffer.concat(await session.stdout.toArray()).toString();
      expect(out).toMatch(/42 -/);
      expect(await session.exit).toEqual({ code: 3 });
    });

    test('a login shell begins in the directory that was asked for, and where that is not there in its home', async () => {
      const shellIn = async (cwd: string): Promise<{ out: string; err: string }> => {
        const session = await (shell ?? await connect()).exec({ command: [], cwd }, never);
        session.stdin.end('printf "%s" "$PWD"; exit\n');
        const [out, err] = await Promise.all([session.stdout, session.stderr].map(async (stream) => Buffer.concat(await stream.toArray()).toString()));
        return { out: out ?? '', err: err ?? '' };
      };
      expect((await shellIn('/usr/share')).out).toBe('/usr/share');
      const home = await shellIn("/no such/it's");
      expect([home.out, home.err]).toEqual([(await run({ command: ['printenv', 'HOME'] })).out.trim(), "/no such/it's cannot be entered now\n"]);
    });

    test('carries 50 commands at once on one connection', async () => {
      await connect();
      const outs = await Promise.all(Array.from({ length: 50 }, async (_, i) => (await run({ command: ['echo', String(i)] })).out));
      expect(outs).toEqual(Array.from({ length: 50 }, (_, i) => `${i}\n`));
      expect(guest.connects.get('session')).toBe(1);
    });

    test('the output is complete when exit resolves', async () => {
      const session = await (await connect()).exec({ command: ['head', '-c', '3000000', '/dev/zero'] }, never);
      let bytes = 0;
      session.stdout.on('data', (piece: Buffer) => { bytes += piece.length; });
      expect(await session.exit).toEqual({ code: 0 });
      expect(bytes).toBe(3_000_000);
    });

    test('exit resolves although nobody looked at a small output', async () => {
      const session = await (await connect()).exec({ command: ['sh', '-c', 'echo x; echo y >&2'] }, never);
      expect(await session.exit).toEqual({ code: 0 });
    });

    test('runCommand bounds output and time', async () => {
      await connect();
      const limits = { maxBytes: 1000, deadlineMs: 10_000, signal: never };
      expect(await runCommand(shell!, ['tr', 'a-z', 'A-Z'], { ...limits, stdin: 'abc' })).toEqual({ exit: { code: 0 }, stdout: 'ABC', stderr: '' });
      await expect(runCommand(shell!, ['yes'], limits)).rejects.toMatchObject({ code: 'exec-failed' });
      await expect(runCommand(shell!, ['sleep', '2'], { ...limits, deadlineMs: 50 })).rejects.toMatchObject({ code: 'too-slow' });
    });
  });

  describe('flow', () => {
    test('a connection cut in the middle of a command is told to all that ran on it', async () => {
      await connect();
      const sessions = await Promise.all([1, 2].map(() => shell!.exec({ command: ['sh', '-c', 'echo started; cat'] }, never)));
      await Promise.all(sessions.map((session) => new Promise((resolve) => { session.stdout.once('data', resolve); })));
      guest.cut('session');
      for (const session of sessions) await expect(session.exit).rejects.toMatchObject({ code: 'guest-unreachable', message: expect.stringContaining('closed') });
      expect(await shell!.closed).toContain('closed');
      expect(shell!.alive).toBe(false);
      await expect(shell!.exec({ command: ['true'] }, never)).rejects.toMatchObject({ code: 'guest-unreachable' });
      // Writing on is harmless.
      sessions[0]!.stdin.write('x');
    });

    test('100 MB to a slow reader stay in the guest until they are read', async () => {
      const session = await (await connect()).exec({ command: ['head', '-c', '100000000', '/dev/zero'] }, never);
      // Nobody reads: what has come settles at the window and the buffers on the way.
      let last = -1;
      await expect.poll(() => { const same = guest.sent() === last && last > 1e6; last = guest.sent(); return same; }, { interval: 200, timeout: 10_000 }).toBe(true);
      expect(guest.sent()).toBeLessThan(8e6);
      let bytes = 0;
      for await (const piece of session.stdout as AsyncIterable<Buffer>) {
        bytes += piece.length;
        expect(guest.sent() - bytes).toBeLessThan(12e6);
      }
      expect(await session.exit).toEqual({ code: 0 });
      expect(bytes).toBe(100_000_000);
    }, 60_000);

    test('50 MB of input arrive whole, with an end', async () => {
      const session = await (await connect()).exec({ command: ['sha256sum'] }, never);
      const block = Buffer.alloc(50_000, 'holdfast');
      const hash = createHash('sha256');
      const blocks = function* (): Generator<Buffer> { for (let i = 0; i < 1000; i += 1) { hash.update(block); yield block; } };
      await pipeline(Readable.from(blocks()), session.stdin);
      const out = Buffer.concat(await session.stdout.toArray()).toString();
      expect(await session.exit).toEqual({ code: 0 });
      expect(out.split(' ')[0]).toBe(hash.digest('hex'));
    }, 60_000);

    test('a reader of one output does not open the way for the other', async () => {
      const session = await (await connect()).exec({ command: ['sh', '-c', 'head -c 60000000 /dev/zero & while echo x >&2; do :; done'] }, never);
      let bytes = 0;
      await new Promise<void>((resolve) => {
        let last = -1;
        session.stderr.on('data', (piece: Buffer) => { bytes += piece.length; });
        const timer = setInterval(() => { if (last === bytes) { clearInterval(timer); resolve(); } last = bytes; }, 300);
      });
      expect(shell!.alive).toBe(true);
      await session[Symbol.asyncDispose]();
    }, 30_000);
  });

  describe('what is over on a connection that goes on is forgotten', () => {
    /** Made in functions of its own, so that nothing of it is left on the stack. */
    async function left(make: () => Promise<WeakRef<object>>): Promise<number> {
      await connect();
      const made: WeakRef<object>[] = [];
      for (let count = 0; count < 100; count += 1) made.push(await make());
      // What ended last may still be on its way out.
      for (let turn = 0; turn < 5; turn += 1) {
        await sleep(20);
        collectGarbage();
      }
      expect(shell?.alive).toBe(true);
      return made.filter((each) => each.deref() !== undefined).length;
    }

    test('commands', async () => {
      expect(await left(async () => {
        const session = await shell!.exec({ command: ['true'] }, never);
        expect(await session.exit).toEqual({ code: 0 });
        return new WeakRef(session.stdin);
      })).toBeLessThan(5);
    });

    test('streams', async () => {
      const path = join(sshd.dir, 'echo.sock');
      const server = createServer((socket) => { socket.on('error', () => {}).end('x'); });
      await new Promise<void>((resolve) => { server.listen(path, resolve); });
      try {
        expect(await left(async () => {
          const stream = await shell!.connect(path, never);
          stream.end();
          for await (const piece of stream) expect(String(piece)).toBe('x');
          return new WeakRef(stream);
        })).toBeLessThan(5);
      } finally {
        server.close();
      }
    });

    test('pings', async () => {
      await connect();
      const ping = async (times: number): Promise<number> => {
        for (let count = 0; count < times; count += 1) await shell!.ping(never);
        collectGarbage();
        return process.memoryUsage().heapUsed;
      };
      const before = await ping(500);
      expect((await ping(2_000) - before) / 2_000).toBeLessThan(100);
    });
  });
});
