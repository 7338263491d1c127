/** What has to be done some time, and may fail now: it is tried again, less and less often, until it is done or there is no need any more. */
import { delayBefore, type Backoff } from './backoff.ts';

export interface Trying {
  readonly failed: (error: unknown) => void;
  /** Aborted when there is no need any more. */
  readonly signal: AbortSignal;
  readonly backoff: Backoff;
  /** Resolves after so many ms, or when there is no need any more. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** @throws what went wrong last, once it is not tried any more */
export async function untilDone<T>(work: () => Promise<T>, { failed, signal, backoff, pause }: Trying): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) throw error;
      failed(error);
      await pause(backoff.firstMs + delayBefore(attempt, backoff, Math.random()), signal);
      if (signal.aborted) throw error;
    }
  }
}
