/** What may come of a guest in one second. Whoever has had that much stops reading, and the rest waits in the guest. */
import { pause } from './ssh/time-limit.ts';

export class Allowance {
  readonly #perSecond: number;
  #second = performance.now();
  #taken = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Resolves at once while some is left, otherwise when the second is over. @returns whether it was too much */
  async take(amount: number, signal: AbortSignal): Promise<boolean> {
    if (performance.now() - this.#second >= 1000) this.#begin();
    this.#taken += amount;
    if (this.#taken <= this.#perSecond) return false;
    await pause(this.#second + 1000 - performance.now(), signal);
    this.#begin();
    return true;
  }

  #begin(): void {
    this.#second = performance.now();
    this.#taken = 0;
  }
}
