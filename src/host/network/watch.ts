/** When a network that is up is looked at: what was killed or flushed says nothing by itself. */

/** dnsmasq is looked at often, since nothing else costs less; links and rules as often as somebody may flush them. What cannot be repaired is tried less and less. */
const [WATCH_MS, REPAIR_MS, SELDOM_MS] = [2_000, 15_000, 60_000];

export interface Watched {
  /** The cheap look. */
  isServed(): Promise<boolean>;
  /** The thorough one; it may find that it is not wanted any more. Must not throw. @returns false where it is to be left alone for a while */
  repair(): Promise<boolean>;
}

export class Watch {
  readonly #watched: Watched;
  #timer: NodeJS.Timeout | undefined;
  #look: Promise<void> | undefined;
  #repairedAt = -REPAIR_MS;
  #failures = 0;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  get isOn(): boolean {
    return this.#timer !== undefined;
  }

  /** Also when it has come up by other means: then it is looked at soon. */
  start(): void {
    if (this.isOn && this.#failures === 0) return;
    this.#failures = 0;
    this.#schedule();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const timer = setTimeout(() => {
      // One at a time, however long it takes.
      this.#look ??= this.#lookOnce().finally(() => { this.#look = undefined; });
      void this.#look.then(() => { if (this.#timer === timer) this.#schedule(); });
    }, Math.min(WATCH_MS * 2 ** this.#failures, SELDOM_MS)).unref();
    this.#timer = timer;
  }

  async #lookOnce(): Promise<void> {
    const due = performance.now() - this.#repairedAt >= REPAIR_MS;
    if (!due && this.#failures === 0 && await this.#watched.isServed().catch(() => false)) return;
    const failures = this.#failures;
    this.#failures = await this.#watched.repair() ? 0 : failures + 1;
    this.#repairedAt = performance.now();
  }
}
