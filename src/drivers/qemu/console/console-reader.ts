/** Reads the machine's serial console for as long as the daemon holds it: into the log, and for the kernel's signs. */
import { connect, type Socket } from 'node:net';
import { fail } from '../../../core/errors.ts';
import { BoundedLog } from './bounded-log.ts';
import { PanicWatch, type ConsoleSigns } from './panic.ts';

export class ConsoleReader implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #log: BoundedLog;

  private constructor(socket: Socket, log: BoundedLog, signs: ConsoleSigns) {
    this.#socket = socket;
    this.#log = log;
    const watch = new PanicWatch(signs);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      watch.push(chunk);
      // A guest that writes faster than the disk takes it waits, it does not fill our memory.
      socket.pause();
      void log.append(chunk).then(() => socket.resume());
    });
  }

  /** @throws machine-failed */
  static async connect(path: string, logPath: string, signs: ConsoleSigns): Promise<ConsoleReader> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', (error) => reject(fail('machine-failed', `the machine's console cannot be read: ${error.message}`, { cause: error })));
    });
    return new ConsoleReader(socket, new BoundedLog(logPath), signs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    await this.#log[Symbol.asyncDispose]();
  }
}
