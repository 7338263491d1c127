/**
 * A client of QEMU's machine protocol (docs/interop/qmp-spec): greeting, capabilities, then commands with ids and
 * events in any order. Every command has a deadline. It ends once, with a reason, and every open command with it.
 */
import { connect, type Socket } from 'node:net';
import { fail } from '../../../core/errors.ts';
import { plainLine } from '../../../core/plain-text.ts';
import type { CommandResults, QmpEvent } from './messages.ts';
import { isObject, MessageLines, type JsonObject } from './lines.ts';

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

interface EventListener {
  readonly hear: (event: QmpEvent) => void;
  readonly failed: (error: unknown) => void;
}

const COMMAND_DEADLINE_MS = 10_000;
const HUNG_UP = new Set(['ECONNRESET', 'EPIPE']);

export class QmpClient implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #lines = new MessageLines();
  readonly #waiting = new Map<string, Waiting>();
  readonly #listeners = new Set<EventListener>();
  readonly #ended = Promise.withResolvers<string>();
  readonly #greeted = Promise.withResolvers<void>();
  #nextId = 1;
  #end: string | undefined;

  /** Resolves once, with the reason. */
  readonly closed: Promise<string> = this.#ended.promise;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#greeted.promise.catch(() => undefined);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#finish(HUNG_UP.has((error as NodeJS.ErrnoException).code ?? '') ? 'the monitor hung up' : error.message));
    socket.on('close', () => this.#finish('the monitor hung up'));
  }

  /** @throws machine-failed  nobody listens, or no greeting before the deadline (another client holds the monitor) */
  static async connect(path: string, deadlineMs: number): Promise<QmpClient> {
    const socket = await connected(path, deadlineMs);
    const client = new QmpClient(socket);
    const timer = setTimeout(() => client.#finish('no greeting: another client may hold the monitor'), deadlineMs);
    try {
      await client.#greeted.promise;
      await client.execute('qmp_capabilities', undefined, deadlineMs);
      return client;
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** @throws machine-failed  the monitor refused, did not answer in time or is gone */
  async execute<Name extends keyof CommandResults>(
    name: Name, args?: JsonObject, deadlineMs = COMMAND_DEADLINE_MS,
  ): Promise<CommandResults[Name]> {
    if (this.#end !== undefined) throw fail('machine-failed', `the machine's monitor is gone: ${this.#end}`);
    const id = String(this.#nextId++);
    const answer = new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(fail('machine-failed', `the machine's monitor did not answer ${name} within ${deadlineMs / 1000} s`));
      }, deadlineMs);
      this.#waiting.set(id, { resolve, reject, timer });
    });
    this.#socket.write(`${JSON.stringify({ execute: name, ...(args === undefined ? {} : { arguments: args }), id })}\n`);
    // The table says what QEMU documents; who uses a result checks the members that matter.
    return await answer as CommandResults[Name];
  }

  /** @param failed  told of what `hear` throws: that is no fault of the monitor's, which goes on  @returns a function that stops the listening */
  onEvent(hear: EventListener['hear'], failed: EventListener['failed']): () => void {
    const listener = { hear, failed };
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#finish('closed by us');
    await this.closed;
  }

  #take(chunk: Buffer): void {
    try {
      for (const message of this.#lines.push(chunk)) this.#dispatch(message);
    } catch (error) {
      this.#finish(`it does not speak the protocol: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #dispatch(message: JsonObject): void {
    if ('QMP' in message) return this.#greeted.resolve();
    if (typeof message['event'] === 'string') {
      const event: QmpEvent = { name: message['event'], data: isObject(message['data']) ? message['data'] : {} };
      for (const listener of this.#listeners) tell(listener, event);
      return;
    }
    const id = message['id'];
    const waiting = typeof id === 'string' ? this.#waiting.get(id) : undefined;
    if (waiting === undefined) return;
    this.#waiting.delete(id as string);
    clearTimeout(waiting.timer);
    const error = message['error'];
    if (isObject(error)) waiting.reject(fail('machine-failed', `the machine's monitor refused: ${typeof error['desc'] === 'string' ? plainLine(error['desc'], 500) : 'it did not say why'}`));
    else waiting.resolve(message['return']);
  }

  #finish(reason: string): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    this.#socket.destroy();
    const error = fail('machine-failed', `the machine's monitor is gone: ${reason}`);
    this.#greeted.reject(error);
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#waiting.clear();
    this.#ended.resolve(reason);
  }
}

function tell({ hear, failed }: EventListener, event: QmpEvent): void {
  try {
    hear(event);
  } catch (error) {
    failed(error);
  }
}

function connected(path: string, deadlineMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${deadlineMs / 1000} s`)), deadlineMs);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(fail('machine-failed', `the machine's monitor cannot be reached: ${error.message}`, { cause: error }));
    });
  });
}
