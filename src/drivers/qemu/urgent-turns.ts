/**
 * Emulated machines share the host's processors. What somebody waits for goes first, and no more of it at once than
 * there are processors: ten at a time would all be late, one after the other most are early.
 */
import { availableParallelism } from 'node:os';
import { fail } from '../../core/errors.ts';

export type Urgency = 'now' | 'later';

interface Waiting {
  readonly urgency: Urgency;
  readonly begin: () => void;
}

export class UrgentTurns {
  #free: number;
  #waiting: Waiting[] = [];

  constructor(atOnce = availableParallelism()) {
    this.#free = atOnce;
  }

  /** Dispose it when done; more than once is no harm. @throws cancelled */
  async take(urgency: Urgency, signal: AbortSignal): Promise<Disposable> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { urgency, begin: resolve };
    const leave = (): void => {
      this.#waiting = this.#waiting.filter((each) => each !== waiting);
      reject(fail('cancelled', 'it did not wait for its turn', { cause: signal.reason }));
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
    if (!signal.aborted) this.#waiting.push(waiting);
    this.#next();
    await promise.finally(() => signal.removeEventListener('abort', leave));
    let over = false;
    return {
      [Symbol.dispose]: () => {
        if (over) return;
        over = true;
        this.#free += 1;
        this.#next();
      },
    };
  }

  #next(): void {
    while (this.#free > 0) {
      const next = this.#waiting.find(({ urgency }) => urgency === 'now') ?? this.#waiting[0];
      if (next === undefined) return;
      this.#waiting = this.#waiting.filter((each) => each !== next);
      this.#free -= 1;
      next.begin();
    }
  }
}
