/** An authenticated SSH connection as the GuestShell that the rest of the house uses. */
import type { Duplex } from 'node:stream';
import type { Client, ClientChannel, PseudoTtyOptions } from 'ssh2';
import { fail } from '../../core/errors.ts';
import { awakeMs } from '../awake.ts';
import type { ExecRequest, ExecSession, GuestShell, Terminal } from '../shell.ts';
import { ChannelAhead } from './channel-ahead.ts';
import type { Deadlines } from './deadlines.ts';
import { clause, ReachFailure } from './failure.ts';
import { localStream } from './local-stream.ts';
import { commandLine } from './quote.ts';
import { openSession } from './session.ts';
import { orAbort, pause, seconds, timeLimit } from './time-limit.ts';
import type { SshTransport } from './transport.ts';

/** ssh2 does not hold a server to the window it was given (2 MiB per channel); a guest that ignores it must not fill our memory. */
const MOST_HELD = 8 * 1024 * 1024;

/** RFC 4253, 6.1: all take 32,768 bytes. ssh2 would cut its data into pieces of no bytes, for ever, where a guest says 0. */
const LEAST_PACKET = 1024;

const LEAST_PAUSE_MS = 1_000;

interface OpenWords {
  readonly cancelled: string;
  readonly late: string;
  readonly refused: string;
  readonly hint?: string;
}

const EXEC_WORDS: OpenWords = {
  cancelled: 'the command was cancelled before it started', late: 'the guest did not start the command',
  refused: 'the guest refused to start the command', hint: 'It may have reached its limit of sessions; try again when others have ended.',
};
const CONNECT_WORDS: OpenWords = { cancelled: 'the stream was cancelled before it was open', late: 'the guest did not open the stream', refused: 'the guest did not open the stream' };

export class SshShell implements GuestShell {
  readonly user: string;
  readonly agentVersion: string | undefined;
  readonly closed: Promise<string>;
  readonly #client: Client;
  readonly #transport: SshTransport;
  readonly #deadlines: Deadlines;
  /** Aborts when the connection ends, with what its commands are told; listened to, since a promise would keep each who ever waited for it. */
  readonly #end = new AbortController();
  readonly #channels = new Set<ClientChannel>();
  readonly #ahead: ChannelAhead;
  #opening = 0;
  #reason: string | undefined;
  #asking: Promise<void> | undefined;

  /** @param agentVersion  of the doorman that let it in, as it says */
  constructor(client: Client, transport: SshTransport, user: string, deadlines: Deadlines, agentVersion?: string) {
    this.user = user;
    this.agentVersion = agentVersion;
    this.#client = client;
    this.#ahead = new ChannelAhead(client);
    this.#transport = transport;
    this.#deadlines = deadlines;
    const closed = Promise.withResolvers<string>();
    this.closed = closed.promise;
    // Before ssh2 closes the channels, so that their commands are told the reason.
    transport.prependOnceListener('close', () => {
      this.#reason ??= 'the guest closed the connection';
      this.#end.abort(new ReachFailure('lost', `the connection into the guest was lost: ${this.#reason}`));
      closed.resolve(this.#reason);
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
    return awakeMs() - this.#transport.heardAt;
  }

  /** Holdfast's own sshd lets many channels be open; the user's may let one. */
  get #hasRoom(): boolean {
    return this.agentVersion !== undefined;
  }

  get commands(): number {
    return this.#opening + this.#channels.size;
  }

  async exec(request: ExecRequest, signal: AbortSignal): Promise<ExecSession> {
    const line = commandLine(request);
    const pty = request.terminal === undefined ? undefined : ptyOf(request.terminal);
    return await this.#open(EXEC_WORDS, (opened) => {
      if (line !== undefined && pty === undefined && this.#ahead.exec(line, opened)) return;
      if (line !== undefined) this.#client.exec(line, pty === undefined ? {} : { pty }, opened);
      else this.#client.shell(pty ?? false, opened);
    }, (channel) => {
      // Where one command was, another may follow: it then does with one round trip.
      channel.once('close', () => { if (this.alive && this.#hasRoom) this.#ahead.open(() => {}); });
      return openSession(channel, this.#end.signal, this.#transport);
    }, signal);
  }

  async connect(path: string, signal: AbortSignal): Promise<Duplex> {
    return await this.#open(CONNECT_WORDS, (opened) => this.#client.openssh_forwardOutStreamLocal(path, opened), (channel) => localStream(channel, this.#end.signal, this.#transport), signal);
  }

  async #open<T>(words: OpenWords, ask: (opened: (error: Error | undefined, channel: ClientChannel) => void) => void, made: (channel: ClientChannel) => T, signal: AbortSignal): Promise<T> {
    this.#opening += 1;
    using limit = timeLimit(this.#deadlines.channel, signal);
    let abandoned = false;
    const opening = new Promise<T>((resolve, reject) => {
      if (!this.alive) throw new ReachFailure('lost', `the connection into the guest was lost: ${this.#reason}`);
      ask((error, channel) => {
        if (error) return reject(error);
        if (abandoned) { channel.resume(); channel.stderr.resume(); channel.close(); return; }
        if (packetBytes(channel) < LEAST_PACKET) {
          this.drop('the guest takes no packets of a usable size');
          return reject(new ReachFailure('lost', 'the connection into the guest was lost: it takes no packets of a usable size'));
        }
        this.#channels.add(channel);
        channel.once('close', () => this.#channels.delete(channel));
        // At once: the channel's whole life may be in the same piece of the stream.
        return resolve(made(channel));
      });
    });
    try {
      return await orAbort(opening, limit.signal, this.#end.signal);
    } catch (error) {
      abandoned = true;
      if (signal.aborted) throw fail('cancelled', words.cancelled, { cause: error });
      if (error instanceof ReachFailure) throw error;
      if (!this.alive) throw new ReachFailure('lost', `the connection into the guest was lost: ${this.#reason}`);
      if (limit.expired) throw new ReachFailure('lost', `${words.late} within ${seconds(this.#deadlines.channel)}`);
      throw fail('exec-failed', `${words.refused}: ${clause(error)}`, { hint: words.hint, cause: error });
    } finally {
      this.#opening -= 1;
    }
  }

  /** Whether the other end answers now; costs no process in the guest. @throws ReachFailure */
  async ping(signal: AbortSignal, { ahead = false } = {}): Promise<void> {
    using limit = timeLimit(this.#deadlines.ping, signal);
    this.#asking ??= new Promise<void>((resolve, reject) => {
      if (!this.alive) throw new ReachFailure('lost', this.#reason ?? '');
      const answered = (): void => (this.alive ? resolve() : reject(new ReachFailure('lost', this.#reason ?? '')));
      if (ahead && this.#hasRoom && this.#ahead.open(answered)) return;
      // Any global request that must be answered will do; this one is always refused and has no effect.
      this.#client.unforwardIn('127.0.0.1', 0, answered);
    }).finally(() => { this.#asking = undefined; });
    const asking = this.#asking;
    asking.catch(() => {});
    try {
      await orAbort(asking, limit.signal, this.#end.signal);
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
      await pause(untilBeat(performance.now(), keepalive), this.#end.signal);
      if (!this.alive) return;
      if (this.silentMs > silence) return this.drop(`it has not answered for ${seconds(this.silentMs)}`);
      if (this.silentMs >= LEAST_PAUSE_MS) await this.ping(this.#end.signal).catch(() => {});
    }
  }

  #checkHeld(): void {
    const { channel: waiting } = this.#ahead;
    for (const channel of waiting ? [...this.#channels, waiting] : this.#channels) {
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

/**
 * All connections are asked in the same moments: a daemon that holds many guests wakes once for all of them, and what it does
 * then it does with warm caches.
 * @returns milliseconds, at least LEAST_PAUSE_MS
 */
function untilBeat(now: number, every: number): number {
  const left = every - now % every;
  return left + Math.ceil(Math.max(0, LEAST_PAUSE_MS - left) / every) * every;
}

function ptyOf({ term, cols, rows }: Terminal): PseudoTtyOptions {
  return { term, cols, rows, width: 0, height: 0 };
}

/** ssh2's own record of what the other end said when it opened the channel; not in its types. */
function packetBytes(channel: ClientChannel): number {
  return (channel as unknown as { readonly outgoing: { readonly packetSize: number } }).outgoing.packetSize;
}
