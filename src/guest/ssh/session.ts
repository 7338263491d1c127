/**
 * One running command over an SSH channel. The channel's own streams are not handed out: ssh2 leaves writers
 * waiting for ever when a channel closes under them, and lets a reader of one output open the window for the other.
 */
import { finished, Readable, Writable } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { fail } from '../../core/errors.ts';
import type { ExecExit, ExecSession } from '../shell.ts';

const CHUNK = 64 * 1024;
/** As RFC 4254, 6.10 names them, without what systems add of their own. */
const SIGNAL = /^(?:SIG)?[A-Z0-9]{2,8}$/;

/**
 * @param lost  aborts when the connection under the channel ends; its reason is what is told
 * @param transport  what carries it: ssh2 gives it all that the channel's window allows, whether it is taken or not
 */
export function openSession(channel: ClientChannel, lost: AbortSignal, transport: Writable): ExecSession {
  const stdout = readableFrom(channel);
  const stderr = readableFrom(channel.stderr);
  shareWindow(channel);
  const stdin = writableTo(channel, transport);
  const { promise: exit, resolve, reject } = Promise.withResolvers<ExecExit>();
  exit.catch(() => {});
  let outcome: ExecExit | undefined;

  channel.on('exit', (code: number | null, signal?: string) => {
    // What the guest says is no number of ours yet: 256 would be a success to whoever takes its last eight bits.
    outcome = code === null ? { signal: SIGNAL.test(signal ?? '') ? String(signal) : 'SIGKILL' } : { code: Math.min(code, 255) };
  });
  channel.on('error', () => {});
  channel.stderr.on('error', () => {});
  const onLost = (): void => {
    // What had arrived stays readable: ssh2 ends the channel's outputs itself.
    reject(lost.reason);
    stdin.destroy();
  };
  channel.on('close', () => {
    lost.removeEventListener('abort', onLost);
    stdin.destroy();
    void Promise.all([ended(stdout), ended(stderr)]).then(() => {
      if (outcome) resolve(outcome);
      else reject(fail('exec-failed', 'the command ended without telling how', { hint: 'Its session was closed in the guest; try again.' }));
    });
  });
  if (lost.aborted) onLost();
  else lost.addEventListener('abort', onLost, { once: true });

  return {
    stdin, stdout, stderr, exit,
    resize(cols, rows) { channel.setWindow(rows, cols, 0, 0); },
    signal(name) {
      try {
        channel.signal(name.replace(/^SIG/, ''));
      } catch (error) {
        throw fail('bad-argument', `${name} is no signal that SSH can carry`, { cause: error });
      }
    },
    async [Symbol.asyncDispose]() {
      for (const stream of [stdin, stdout, stderr]) stream.destroy();
      // Without a terminal, sshd lets a program outlive its channel; it goes on counting against the session limit.
      if (outcome === undefined) channel.signal('HUP');
      channel.close();
    },
  };
}

/**
 * Passes on with backpressure: while nobody reads, the channel's window stays shut and the program in the guest waits.
 * Reads a little ahead, so that the end of a command with little output is seen although nobody reads.
 */
function readableFrom(source: Readable): Readable {
  let over = false;
  const target = new Readable({
    highWaterMark: CHUNK,
    read() { source.resume(); },
    // A reader that left must not keep the channel from closing.
    destroy(error, done) { over = true; source.resume(); done(error); },
  });
  source.on('data', (piece: Buffer) => { if (!over && !target.push(piece)) source.pause(); });
  source.on('end', () => { if (!over) target.push(null); over = true; });
  return target;
}

function writableTo(channel: ClientChannel, transport: Writable): Writable {
  const target = new Writable({
    highWaterMark: CHUNK,
    write(piece: Buffer, _encoding, done) {
      channel.write(piece, () => {
        if (transport.writableNeedDrain) transport.once('drain', () => done());
        else done();
      });
    },
    final(done) { channel.end(); done(); },
  });
  target.on('error', () => {});
  return target;
}

/** ssh2 reopens the window that both outputs share as soon as either is read; here not while the other is full. */
function shareWindow(channel: ClientChannel): void {
  const { stderr } = channel;
  const pairs: readonly (readonly [Readable, Readable])[] = [[channel, stderr], [stderr, channel]];
  for (const [one, other] of pairs) {
    const otherIsFull = (): boolean => other.readableLength >= other.readableHighWaterMark;
    const [read, push] = [one._read.bind(one), one.push.bind(one)];
    one._read = (size) => { if (!otherIsFull()) read(size); };
    one.push = (piece) => push(piece) && !otherIsFull();
  }
}

/** Until everything was read; an output that nobody ever looked at is not waited for. */
function ended(stream: Readable): Promise<void> {
  if (stream.readableFlowing === null && stream.listenerCount('readable') === 0) {
    if (stream.readableLength === 0) stream.read(0);
    return Promise.resolve();
  }
  return new Promise((resolve) => { finished(stream, { writable: false }, () => resolve()); });
}
