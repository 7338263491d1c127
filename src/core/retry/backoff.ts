/** Decides what a retry waits: exponential with full jitter. */

export interface Backoff {
  readonly firstMs: number;
  readonly capMs: number;
}

/**
 * @param attempt  0 for the first retry
 * @param random   in [0, 1), injected so that tests are exact
 * @returns milliseconds to wait, 0..capMs
 */
export function delayBefore(attempt: number, { firstMs, capMs }: Backoff, random: number): number {
  return Math.floor(random * Math.min(capMs, firstMs * 2 ** Math.min(attempt, 40)));
}
