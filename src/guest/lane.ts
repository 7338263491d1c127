/**
 * Keeps one connection: makes it when it is wanted (or always, if eager), never two at once, waits longer after each
 * failure, and stops trying for a while after several. What it learnt is void when the guest's end opens or wake() comes.
 */
import { type Backoff, delayBefore } from '../core/retry/backoff.ts';
import { type Breaker, type BreakerLimits, CLOSED, mayTry, nextBreaker } from '../core/retry/breaker.ts';
import type { GuestShell } from './shell.ts';
import { clause, ReachFailure } from './ssh/failure.ts';
import { orAbort, pause, seconds } from './ssh/time-limit.ts';

export interface KeptShell extends GuestShell {
  /** Milliseconds since the guest last said anything on it. */
  readonly silentMs: number;
  /** How many commands run on it, or are being started. */
  readonly commands: number;
  /** @param options.ahead  a command follows: its channel is what is asked for  @throws when it does not answer now */
  ping(signal: AbortSignal, options?: { readonly ahead: boolean }): Promise<void>;
  /** Ends it now and tells everybody on it why. */
  drop(reason: string): void;
}

export type KeeperState =
  | { readonly state: 'idle' }
  | { readonly state: 'connecting' }
  | { readonly state: 'open'; readonly shell: KeptShell }
  | { readonly state: 'backoff'; readonly reason: string };

export interface KeeperOptions {
  /** One attempt, with its own deadlines. @param late  so many before it, in a row, had too little time */
  readonly open: (signal: AbortSignal, late: number) => Promise<KeptShell>;
  /** Connects without being asked and after every loss. */
  readonly eager: boolean;
  /** False while it is known that nobody is at the other end: attempts then wait for wake(), or come rarely. */
  readonly isOpposite?: () => boolean;
  readonly backoff?: Backoff;
  readonly limits?: BreakerLimits;
  readonly random?: () => number;
  readonly onChange?: (state: KeeperState) => void;
}

/** Short at first, because the usual failure is having met the end of an old session, which is over in milliseconds. */
export const LANE_BACKOFF: Backoff = { firstMs: 50, capMs: 15_000 };
export const LANE_LIMITS: BreakerLimits = { failures: 6, openMs: 5_000, openCapMs: 30_000 };

/** A connection that stood for so long counts as one. */
const STOOD_MS = 1_000;
const MOST_IN_BURST = 50;

export class ConnectionKeeper implements AsyncDisposable {
  readonly #options: Required<KeeperOptions>;
  #eager: boolean;
  readonly #end = new AbortController();
  #state: KeeperState = { state: 'idle' };
  #breaker: Breaker = CLOSED;
  #failures = 0;
  /** Of attempts in a row; word from the guest's end does not change it, since that comes after each of them. */
  #late = 0;
  /** Attempts since a connection last stood for a while. */
  #burst = 0;
  #failure: ReachFailure | undefined;
  #waiters = new Set<{ resolve: (shell: KeptShell) => void; reject: (error: Error) => void }>();
  #rest = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: KeeperOptions) {
    this.#options = { isOpposite: () => true, backoff: LANE_BACKOFF, limits: LANE_LIMITS, random: Math.random, onChange: () => {}, ...options };
    this.#eager = options.eager;
    if (options.eager) this.#run();
  }

  /** Eager from now on. */
  begin(): void {
    if (this.#end.signal.aborted) return;
    this.#eager = true;
    this.#run();
  }

  get state(): KeeperState {
    return this.#state;
  }

  /** Its last attempt came to nothing: no use waiting for it in passing. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** Somebody waits for it, or runs a command on it. */
  get isBusy(): boolean {
    return this.#waiters.size > 0 || (this.#state.state === 'open' && this.#state.shell.alive && this.#state.shell.commands > 0);
  }

  /** Why it is not open, as far as known. */
  get reason(): string {
    if (!this.#options.isOpposite() && this.#failure?.stage !== 'host-key') return 'nothing in the guest has it open';
    return this.#failure?.message ?? 'nothing in the guest has answered yet';
  }

  /** The open connection, or the next that opens. @throws ReachFailure when the signal aborts or trying is not worth it now */
  async shell(signal: AbortSignal): Promise<KeptShell> {
    if (this.#state.state === 'open' && this.#state.shell.alive) return this.#state.shell;
    if (this.#end.signal.aborted) throw new ReachFailure('lost', 'its connection was given up here');
    const now = performance.now();
    if (this.#breaker.state === 'open' && !mayTry(this.#breaker, now)) {
      throw new ReachFailure(this.#failure?.stage ?? 'lost', `${this.reason} (${this.#failures} attempts; the next in ${seconds(this.#breaker.untilMs - now)})`, { cause: this.#failure });
    }
    const { promise, resolve, reject } = Promise.withResolvers<KeptShell>();
    const waiter = { resolve, reject };
    this.#waiters.add(waiter);
    // Somebody waits: a long rest is cut short, once, since the next one is longer than the first by far.
    if (this.#failures > 0 && this.#options.isOpposite()) this.#rest.abort();
    this.#run();
    try {
      return await orAbort(promise, signal);
    } catch (error) {
      if (signal.aborted) throw new ReachFailure(this.#failure?.stage ?? 'connect', this.reason, { cause: error });
      throw error;
    } finally {
      this.#waiters.delete(waiter);
    }
  }

  /**
   * The other end opened: try now. An end that opens and falls again and again (a broken sshd behind a good doorman)
   * is believed only so often, then the backoff decides again.
   */
  opened(): void {
    if (this.#burst < MOST_IN_BURST) this.#forget();
  }

  /** The host slept or the guest was paused: forget what failed, and if a connection is wanted try at once. */
  wake(): void {
    this.#burst = 0;
    this.#late = 0;
    this.#forget();
  }

  #forget(): void {
    this.#breaker = nextBreaker(this.#breaker, { type: 'reset' }, performance.now(), this.#options.limits);
    this.#failures = 0;
    this.#rest.abort();
  }

  /** The other end is gone for certain: do not wait for silence to tell. */
  lose(reason: string): void {
    if (this.#state.state === 'open') this.#state.shell.drop(reason);
  }

  #set(state: KeeperState): void {
    this.#state = state;
    this.#options.onChange(state);
  }

  get #wanted(): boolean {
    return !this.#end.signal.aborted && (this.#eager || this.#waiters.size > 0);
  }

  #run(): void {
    this.#running ??= this.#loop().finally(() => {
      this.#running = undefined;
      if (this.#wanted) this.#run();
    });
  }

  async #loop(): Promise<void> {
    while (this.#wanted) {
      if (this.#failures > 0 || !this.#options.isOpposite()) {
        await this.#wait();
        if (!this.#wanted) break;
      }
      this.#breaker = nextBreaker(this.#breaker, { type: 'try' }, performance.now(), this.#options.limits);
      this.#burst += 1;
      this.#set({ state: 'connecting' });
      try {
        await this.#keep(await this.#options.open(this.#end.signal, this.#late));
      } catch (error) {
        this.#failed(error);
      }
    }
    if (this.#state.state !== 'idle') this.#set({ state: 'idle' });
  }

  /** The rest between attempts: nobody there: until woken; circuit open: until its time; otherwise by the table. */
  async #wait(): Promise<void> {
    const { backoff, random, isOpposite } = this.#options;
    const now = performance.now();
    let ms = delayBefore(Math.max(0, this.#failures - 1), backoff, random());
    if (!isOpposite()) ms = backoff.capMs * (1 + random());
    if (this.#breaker.state === 'open') ms = Math.max(ms, this.#breaker.untilMs - now);
    this.#rest = new AbortController();
    this.#set({ state: 'backoff', reason: this.reason });
    await pause(ms, this.#rest.signal);
  }

  async #keep(shell: KeptShell): Promise<void> {
    if (this.#end.signal.aborted) return await shell[Symbol.asyncDispose]();
    this.#failure = undefined;
    this.#late = 0;
    this.#set({ state: 'open', shell });
    for (const { resolve } of this.#waiters) resolve(shell);
    this.#waiters.clear();
    const since = performance.now();
    const reason = await Promise.race([shell.closed, orAbort(shell.closed, this.#end.signal).catch(() => 'it was closed here')]);
    this.#set({ state: 'idle' });
    await shell[Symbol.asyncDispose]();
    if (this.#end.signal.aborted) return;
    // One that falls at once is no better than one that never came: it must not be made again and again.
    if (performance.now() - since < STOOD_MS) return this.#failed(new ReachFailure('lost', reason));
    this.#burst = 0;
    this.#failure = new ReachFailure('lost', reason);
    this.#failures = 0;
    this.#breaker = nextBreaker(this.#breaker, { type: 'success' }, performance.now(), this.#options.limits);
  }

  #failed(error: unknown): void {
    if (this.#end.signal.aborted) return;
    this.#failure = error instanceof ReachFailure ? error : new ReachFailure('lost', clause(error), { cause: error });
    this.#failures += 1;
    this.#late = this.#failure.isLate ? this.#late + 1 : 0;
    const type = this.#failure.stage === 'host-key' ? 'refusal' : 'failure';
    this.#breaker = nextBreaker(this.#breaker, { type }, performance.now(), this.#options.limits);
    if (this.#breaker.state !== 'open') return;
    for (const { reject } of this.#waiters) reject(this.#failure);
    this.#waiters.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    this.#rest.abort();
    for (const { reject } of this.#waiters) reject(new ReachFailure('lost', 'its connection was given up here'));
    this.#waiters.clear();
    await this.#running;
  }
}
