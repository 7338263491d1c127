/** An authenticated SSH connection as the GuestShell that the rest of the house uses. */
import type { Client, ClientChannel, PseudoTtyOptions } from 'ssh2';
import { fail } from '../../core/errors.ts';
import type { ExecRequest, ExecSession, GuestShell, Terminal } from '../shell.ts';
import type { Deadlines } from './deadlines.ts';
import { clause, ReachFailure } from './failure.ts';
import { commandLine } from './quote.ts';
import { openSession } from './session.ts';
import { orAbort, pause, seconds, timeLimit } from './time-limit.ts';
import type { SshTransport } from './transport.ts';

/** ssh2 does not hold a server to the window it was given (2 MiB per channel); a guest that ignores it must not fill our memory. */
const MOST_HELD = 8 * 1024 * 1024;

const LEAST_PAUSE_MS = 1_000;

export class SshShell implements GuestShell {
  readonly user: string;
  readonly closed: Promise<string>;
  readonly #client: Client;
  readonly #transport: SshTransport;
  readonly #deadlines: Deadlines;
  readonly #lost: Promise<never>;
  readonly #end = new AbortController();
  readonly #channels = new Set<ClientChannel>();
  #opening = 0;
  #reason: string | undefined;
  #asking: Promise<void> | undefined;

  constructor(client: Client, transport: SshTransport, user: string, deadlines: Deadlines) {
    this.user = user;
    this.#client = client;
    this.#transport = transport;
    this.#deadlines = deadlines;
    const closed = Promise.withResolvers<string>();
    const lost = Promise.withResolvers<never>();
    this.closed = closed.promise;
    this.#lost = lost.promise;
    lost.promise.catch(() => {});
    // Before ssh2 closes the channels, so that their commands are told the reason.
    transport.prependOnceListener('close', () => {
      this.#reason ??= 'the guest closed the connection';
      this.#end.abort();
      closed.resolve(this.#reason);
      lost.reject(new ReachFailure('lost', `the connection into the guest was lost: ${this.#reason}`));
    });
    client.on('error', (error) => this.drop(clause(error)));
    transport.onPassed = () => this.#checkHeld();
    if (transport.destroyed) transport.emit('close');
    void this.#watch();
  }

  get alive(): boolean {
    return this.#reason === undefined;
  }

  /** Milliseconds since the guest last sent anything on this connection. */
  get silentMs(): number {
    return performance.now() - this.#transport.heardAt;
  }

  get commands(): number {
    return this.#opening + this.#channels.size;
  }

  async exec(request: ExecRequest, signal: AbortSignal): Promise<ExecSession> {
    this.#opening += 1;
    return await this.#open(request, signal).finally(() => { this.#opening -= 1; });
  }

  async #open(request: ExecRequest, signal: AbortSignal): Promise<ExecSession> {
    const line = commandLine(request);
    const pty = request.terminal === undefined ? undefined : ptyOf(request.terminal);
    using limit = timeLimit(this.#deadlines.channel, signal);
    let abandoned = false;
    const opening = new Promise<ExecSession>((resolve, reject) => {
      if (!this.alive) throw new ReachFailure('lost', `the connection into the guest was lost: ${this.#reason}`);
      const opened = (error: Error | undefined, channel: ClientChannel): void => {
        if (error) return reject(error);
        if (abandoned) { channel.resume(); channel.stderr.resume(); channel.close(); return; }
        this.#channels.add(channel);
        channel.once('close', () => this.#channels.delete(channel));
        // At once: the command's whole life may be in the same piece of the stream.
        return resolve(openSession(channel, this.#lost));
      };
      if (line !== undefined) this.#client.exec(line, pty === undefined ? {} : { pty }, opened);
      else this.#client.shell(pty ?? false, opened);
    });
    try {
      return await orAbort(Promise.race([opening, this.#lost]), limit.signal);
    } catch (error) {
      abandoned = true;
      if (signal.aborted) throw fail('cancelled', 'the command was cancelled before it started', { cause: error });
      if (error instanceof ReachFailure) throw error;
      if (!this.alive) throw new ReachFailure('lost', `the connection into the guest was lost: ${this.#reason}`);
      if (limit.expired) throw new ReachFailure('lost', `the guest did not start the command within ${seconds(this.#deadlines.channel)}`);
      throw fail('exec-failed', `the guest refused to start the command: ${clause(error)}`, { hint: 'It may have reached its limit of sessions; try again when others have ended.', cause: error });
    }
  }

  /** Whether the other end answers now; costs no process in the guest. @throws ReachFailure */
  async ping(signal: AbortSignal, withinMs = this.#deadlines.ping): Promise<void> {
    using limit = timeLimit(withinMs, signal);
    // Any global request that must be answered will do; this one is always refused and has no effect.
    this.#asking ??= new Promise<void>((resolve, reject) => {
      if (!this.alive) throw new ReachFailure('lost', this.#reason ?? '');
      this.#client.unforwardIn('127.0.0.1', 0, () => (this.alive ? resolve() : reject(new ReachFailure('lost', this.#reason ?? ''))));
    }).finally(() => { this.#asking = undefined; });
    const asking = this.#asking;
    asking.catch(() => {});
    try {
      await orAbort(Promise.race([asking, this.#lost]), limit.signal);
    } catch (error) {
      if (limit.expired) throw new ReachFailure('lost', `it has not answered for ${seconds(this.silentMs)}`);
      throw error;
    }
  }

  /** Ends the connection now, with the reason that everybody on it will be told. */
  drop(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#client.destroy();
    this.#transport.destroy();
  }

  /** A connection at rest is asked now and then; only long silence ends it, since a paused guest comes back. */
  async #watch(): Promise<void> {
    const { keepalive, silence } = this.#deadlines;
    while (this.alive) {
      await pause(Math.max(LEAST_PAUSE_MS, keepalive - this.silentMs), this.#end.signal);
      if (!this.alive) return;
      if (this.silentMs > silence) return this.drop(`it has not answered for ${seconds(this.silentMs)}`);
      if (this.silentMs >= keepalive) await this.ping(this.#end.signal).catch(() => {});
    }
  }

  #checkHeld(): void {
    for (const channel of this.#channels) {
      if (channel.readableLength + channel.stderr.readableLength > MOST_HELD) return this.drop('the guest sent more than it was allowed to');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#reason === undefined) {
      this.#reason = 'it was closed here';
      this.#client.end();
      this.#transport.destroySoon();
    }
    await this.closed;
  }
}

function ptyOf({ term, cols, rows }: Terminal): PseudoTtyOptions {
  return { term, cols, rows, width: 0, height: 0 };
}
