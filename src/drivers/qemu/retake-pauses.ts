/** How long to wait before a monitor is connected to again: not at all where the last connection had lasted, longer each time where none does. */
import { delayBefore, type Backoff } from '../../core/retry/backoff.ts';

const LEAST_MS = 500;
const BACKOFF: Backoff = { firstMs: 1_000, capMs: 30_000 };
/** What is asked at its begin is long answered, or has failed. */
const LASTING_MS = 60_000;

export class RetakePauses {
  readonly #random: () => number;
  /** Since a connection lasted. */
  #tries = 0;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** A connection was lost. @param stoodMs  how long it had been there */
  lost(stoodMs: number): void {
    if (stoodMs >= LASTING_MS) this.#tries = 0;
  }

  /** Milliseconds to wait before the next try, which is counted. */
  next(): number {
    const ms = this.#tries === 0 ? 0 : LEAST_MS + delayBefore(this.#tries - 1, BACKOFF, this.#random());
    this.#tries += 1;
    return ms;
  }
}
