/** The last rung: one command at a time in a raw root shell on a serial line; output comes when it has ended. */
import { randomBytes } from 'node:crypto';
import { type Duplex, Readable, Writable } from 'node:stream';
import { fail } from '../../core/errors.ts';
import type { ConsolePort } from '../lane-port.ts';
import type { ExecExit, ExecRequest, ExecSession, GuestShell } from '../shell.ts';
import { ReachFailure } from '../ssh/failure.ts';
import { orAbort } from '../ssh/time-limit.ts';
import { type ConsoleAnswer, consoleLines, MOST_ANSWER, parseConsole } from './console-frame.ts';

const INTERRUPT = '\x03';
/** In which an interrupt or the end of a command leaves. */
const LAST_BYTES_MS = 1_000;

export class ConsoleShell implements GuestShell {
  readonly user: string;
  readonly closed: Promise<string>;
  readonly #port: ConsolePort;
  readonly #as: string | undefined;
  readonly #end = new AbortController();
  readonly #closed = Promise.withResolvers<string>();
  #turn: Promise<unknown> = Promise.resolve();

  /** @param as  the user to become; root without */
  constructor(port: ConsolePort, as: string | undefined) {
    this.#port = port;
    this.#as = as;
    this.user = as ?? 'root';
    this.closed = this.#closed.promise;
  }

  get alive(): boolean {
    return !this.#end.signal.aborted;
  }

  async exec(request: ExecRequest, signal: AbortSignal): Promise<ExecSession> {
    if (request.terminal !== undefined) throw fail('not-supported', 'a serial console cannot carry a terminal', { hint: 'Give a command, or attach to the console itself.' });
    if (!this.alive) throw new ReachFailure('lost', 'the console was given up here');
    const marker = `hf${randomBytes(12).toString('hex')}`;
    const lines = consoleLines(request, marker, this.#as);
    const stop = new AbortController();
    const over = AbortSignal.any([stop.signal, this.#end.signal]);
    // One line, one command: the next waits for the end of this one.
    const before = this.#turn;
    const stream = orAbort(before, AbortSignal.any([over, signal])).then(() => this.#port.connect(AbortSignal.any([over, signal])));
    const answer = stream.then((line) => converse(line, lines, marker, over));
    // Without what it comes to: that would be every answer there ever was.
    this.#turn = Promise.allSettled([before, answer]).then(() => undefined);
    answer.catch(() => {});
    await stream;
    return sessionOf(answer, () => stop.abort(new ReachFailure('lost', 'the command on the console was stopped')));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    this.#closed.resolve('it was closed here');
    await this.#turn;
  }
}

async function converse(line: Duplex, lines: string, marker: string, signal: AbortSignal): Promise<ConsoleAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ConsoleAnswer>();
  const heard: string[] = [];
  let size = 0;
  /** The end of what was heard, in which the mark of the command's end may have begun. */
  let tail = '';
  /** Heard, and its line not yet. */
  let marked = false;
  line.on('error', (error) => reject(new ReachFailure('lost', `the console was lost: ${error.message}`)));
  line.on('close', () => reject(new ReachFailure('lost', 'the console was closed before the command ended')));
  line.on('data', (piece: Buffer) => {
    const text = piece.toString('latin1');
    size += text.length;
    if (size > MOST_ANSWER) {
      // Nobody listens any more: what a guest says without end must not be collected.
      line.destroy();
      return reject(fail('exec-failed', 'the console said more than it may before the command ended'));
    }
    heard.push(text);
    // Only what is new is searched, and all of it is put together only where an end can be.
    const end = `${marker}-end `;
    marked ||= (tail + text).includes(end);
    tail = (tail + text).slice(-end.length);
    if (!marked || !text.includes('\n')) return undefined;
    marked = false;
    try {
      const answer = parseConsole(heard.join(''), marker);
      if (answer) resolve(answer);
    } catch (error) {
      reject(error);
    }
    return undefined;
  });
  try {
    // Ends whatever half-typed line or hanging command an earlier one left.
    line.write(`${INTERRUPT}${lines}`);
    return await orAbort(promise, signal);
  } catch (error) {
    if (signal.aborted && !line.destroyed) line.write(INTERRUPT);
    throw error;
  } finally {
    line.end(() => line.destroy());
    // A guest that takes nothing would keep it open.
    setTimeout(() => line.destroy(), LAST_BYTES_MS).unref();
  }
}

function sessionOf(answer: Promise<ConsoleAnswer>, stop: () => void): ExecSession {
  const output = (pick: (of: ConsoleAnswer) => Buffer): Readable => Readable.from((async function* () {
    const piece = await answer.then(pick, () => Buffer.alloc(0));
    if (piece.length > 0) yield piece;
  })(), { objectMode: false });
  const stdin = new Writable({
    write(_piece, _encoding, done) { done(fail('not-supported', 'the serial console cannot carry input to a command')); },
  });
  stdin.on('error', () => {});
  const exit: Promise<ExecExit> = answer.then((given) => given.exit);
  exit.catch(() => {});
  return {
    stdin, exit,
    stdout: output((given) => given.stdout),
    stderr: output((given) => given.stderr),
    resize() {},
    signal() { stop(); },
    async [Symbol.asyncDispose]() { stop(); },
  };
}
