/** Templates as the driver offers them: found, made once for all who wait, forked, pruned. */
import type { Wanted } from './shape.ts';
import type { Work } from '../../driver.ts';
import type { Template, TemplateStore } from './store.ts';

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

export interface PrunePolicy {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

/** Two weeks without use, and 8 GiB in all: least recently used first. */
export const PRUNE: PrunePolicy = { maxAgeMs: 14 * 24 * 3600 * 1000, maxBytes: 8 * 1024 ** 3 };

/** Pure. @returns the keys to remove; those in `kept` never */
export function toPrune(templates: readonly Pick<Template, 'key' | 'bytes' | 'lastUsedAt'>[], kept: ReadonlySet<string>, now: Date, policy: PrunePolicy = PRUNE): string[] {
  const newestFirst = templates.toSorted((a, b) => b.lastUsedAt.getTime() - a.lastUsedAt.getTime());
  let total = 0;
  return newestFirst.filter(({ key, bytes, lastUsedAt }) => {
    if (kept.has(key)) {
      total += bytes;
      return false;
    }
    if (now.getTime() - lastUsedAt.getTime() > policy.maxAgeMs || total + bytes > policy.maxBytes) return true;
    total += bytes;
    return false;
  }).map(({ key }) => key);
}

export async function prune(store: TemplateStore, kept: ReadonlySet<string>): Promise<void> {
  for (const key of toPrune(await store.all(), kept, new Date())) await store.remove(key);
}
