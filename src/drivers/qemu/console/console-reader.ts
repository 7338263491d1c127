/** Has the machine's serial console for as long as the daemon holds it: for the log, the kernel's signs, and all who look at it. */
import { connect, type Socket } from 'node:net';
import { fail } from '../../../core/errors.ts';
import { Allowance } from '../../../guest/allowance.ts';
import { pause } from '../../../guest/ssh/time-limit.ts';
import { ConsoleShare } from '../../console-share.ts';
import type { ConsoleAttachment } from '../../driver.ts';
import { BoundedLog } from './bounded-log.ts';
import { PanicWatch, type ConsoleSigns } from './panic.ts';

/** Twenty times what a serial line of 115,200 baud carries: a boot is not held up, and a flood waits in the guest. */
const MOST_BYTES_PER_SECOND = 256 * 1024;
/** A serial line hands over some bytes at a time; read one by one, a flood of them takes a whole processor. Nobody sees a fiftieth of a second. */
const GATHER_MS = 20;
const READ_BYTES = 64 * 1024;

export class ConsoleReader implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #log: BoundedLog;
  readonly #end = new AbortController();
  readonly #share: ConsoleShare;

  private constructor(socket: Socket, log: BoundedLog, share: ConsoleShare) {
    this.#socket = socket;
    this.#log = log;
    this.#share = share;
  }

  /** @throws machine-failed */
  static async connect(path: string, logPath: string, signs: ConsoleSigns): Promise<ConsoleReader> {
    const log = new BoundedLog(logPath);
    const watch = new PanicWatch(signs);
    const allowance = new Allowance(MOST_BYTES_PER_SECOND);
    const share = new ConsoleShare((keys, done) => { socket.write(keys, () => done()); });
    const take = (bytes: Buffer): void => {
      watch.push(bytes);
      share.give(bytes);
      // A guest that writes faster than the disk takes it waits, it does not fill our memory.
      void Promise.all([log.append(bytes), allowance.take(bytes.length, reader.#end.signal), pause(GATHER_MS, reader.#end.signal)]).then(() => socket.resume());
    };
    // With a buffer of ours, and not a stream's: a stream that is paused goes on reading, and hands over each piece by itself afterwards.
    const socket = connect({ path, onread: {
      buffer: Buffer.alloc(READ_BYTES),
      callback(length, buffer) {
        take(Buffer.from(buffer.subarray(0, length)));
        return false;
      },
    } });
    const reader = new ConsoleReader(socket, log, share);
    socket.on('close', () => share.end());
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.on('error', (error) => reject(fail('machine-failed', `the machine's console cannot be read: ${error.message}`, { cause: error })));
    });
    return reader;
  }

  async attach(beforeBytes: number): Promise<ConsoleAttachment> {
    // In the same turn: the log reads its end before it takes what the stream begins with.
    const before = this.#log.tail(beforeBytes);
    const stream = this.#share.attach();
    if (this.#socket.destroyed) this.#share.end();
    return { before: await before, stream };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    this.#share.end();
    this.#socket.destroy();
    await this.#log[Symbol.asyncDispose]();
  }
}
