/** When a network that is up is looked at: what was killed or flushed says nothing by itself. */

/**
 * dnsmasq is looked at often, since nothing else costs less; links and rules as often as somebody may flush them. What cannot be
 * repaired is tried less and less; what dies meanwhile is repaired as soon as ever.
 */
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
  #wasServed = false;

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
    }, WATCH_MS).unref();
    this.#timer = timer;
  }

  async #lookOnce(): Promise<void> {
    const isServed = await this.#watched.isServed().catch(() => false);
    const hasDied = this.#wasServed && !isServed;
    this.#wasServed = isServed;
    const failures = this.#failures;
    const due = performance.now() - this.#repairedAt >= (failures === 0 ? REPAIR_MS : Math.min(WATCH_MS * 2 ** failures, SELDOM_MS));
    if (!due && !hasDied && (isServed || failures > 0)) return;
    this.#failures = await this.#watched.repair() ? 0 : failures + 1;
    this.#repairedAt = performance.now();
  }
}
