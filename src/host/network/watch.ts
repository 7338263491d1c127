/** When a network that is up is looked at: what was killed or flushed says nothing by itself. */

/** dnsmasq is looked at often, since nothing else costs less; links and rules as often as somebody may flush them. */
const [WATCH_MS, REPAIR_MS] = [2_000, 15_000];

export interface Watched {
  /** The cheap look. */
  isServed(): Promise<boolean>;
  /** The thorough one; it may find that it is not wanted any more. Must not throw. */
  repair(): Promise<void>;
}

export class Watch {
  readonly #watched: Watched;
  #timer: NodeJS.Timeout | undefined;
  #repairedAt = 0;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  get isOn(): boolean {
    return this.#timer !== undefined;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#look(), WATCH_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    const due = performance.now() - this.#repairedAt >= REPAIR_MS;
    if (!due && await this.#watched.isServed()) return;
    this.#repairedAt = performance.now();
    await this.#watched.repair();
  }
}
