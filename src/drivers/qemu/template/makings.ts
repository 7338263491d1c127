/** Templates that are being made: each once, for all who wait for it. */
import type { Wanted } from './shape.ts';
import type { Work } from '../../driver.ts';
import type { Template } from './store.ts';

export type Make = (wanted: Wanted, timezone: string, work: Work) => Promise<Template>;

interface Making {
  readonly done: Promise<Template>;
  readonly abort: AbortController;
  readonly progress: Set<Work['progress']>;
  waiting: number;
}

/** One making for each thing wanted; it is called off when the last who waits for it has gone. */
export class TemplateMakings {
  readonly #make: Make;
  readonly #under = new Map<string, Making>();

  constructor(make: Make) {
    this.#make = make;
  }

  /** @throws what the making failed with, or the caller's own cancellation */
  async join(wanted: Wanted, timezone: string, { signal, progress }: Work): Promise<Template> {
    signal.throwIfAborted();
    const making = this.#begin(JSON.stringify(wanted), wanted, timezone);
    making.waiting += 1;
    making.progress.add(progress);
    const { promise: left, reject } = Promise.withResolvers<never>();
    const leave = () => reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([making.done, left]);
    } finally {
      signal.removeEventListener('abort', leave);
      making.progress.delete(progress);
      making.waiting -= 1;
      if (making.waiting === 0) making.abort.abort(signal.reason);
      // Who called it off waits until nothing of it is left.
      if (signal.aborted && making.waiting === 0) await making.done.catch(() => undefined);
    }
  }

  #begin(key: string, wanted: Wanted, timezone: string): Making {
    const known = this.#under.get(key);
    if (known && !known.abort.signal.aborted) return known;
    const abort = new AbortController();
    const listeners = new Set<Work['progress']>();
    const before = known?.done.then(() => undefined, () => undefined);
    const done = Promise.resolve(before).then(() => this.#make(wanted, timezone, {
      signal: abort.signal, progress: (stage, fraction) => { for (const each of listeners) each(stage, fraction); },
    }));
    const making: Making = { done, abort, progress: listeners, waiting: 0 };
    this.#under.set(key, making);
    const forget = () => { if (this.#under.get(key) === making) this.#under.delete(key); };
    done.then(forget, forget);
    return making;
  }
}
