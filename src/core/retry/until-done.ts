/** What has to be done some time, and may fail now: it is tried again, less and less often, until it is done or there is no need any more. */
import { delayBefore, type Backoff } from './backoff.ts';

export interface Trying {
  readonly failed: (error: unknown) => void;
  /** There is no need any more. */
  readonly isOver: () => boolean;
  /** Resolves after so many ms, or when it is over. */
  readonly pause: (ms: number) => Promise<void>;
  /** In [0, 1). */
  readonly random: () => number;
  readonly backoff: Backoff;
}

/** @throws what went wrong last, once it is not tried any more */
export async function untilDone<T>(work: () => Promise<T>, { failed, isOver, pause, random, backoff }: Trying): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (isOver()) throw error;
      failed(error);
      await pause(backoff.firstMs + delayBefore(attempt, backoff, random()));
      if (isOver()) throw error;
    }
  }
}
