/** Several who want the same download share one; it is called off when the last who waits for it has gone. */
export interface Joiner {
  readonly signal: AbortSignal;
  readonly progress: (stage: string, fraction?: number) => void;
}

interface Work<T> {
  readonly done: Promise<T>;
  readonly abort: AbortController;
  readonly progress: Set<Joiner['progress']>;
  waiting: number;
}

export class SharedWork<T> {
  readonly #under = new Map<string, Work<T>>();

  /** @throws what the work failed with, or the caller's own cancellation, once nothing of the work goes on that nobody wants */
  async join(key: string, { signal, progress }: Joiner, begin: (joiner: Joiner) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const work = this.#of(key, begin);
    work.waiting += 1;
    work.progress.add(progress);
    const { promise: left, reject } = Promise.withResolvers<never>();
    const leave = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([work.done, left]);
    } finally {
      signal.removeEventListener('abort', leave);
      work.progress.delete(progress);
      work.waiting -= 1;
      if (work.waiting === 0) {
        work.abort.abort(signal.reason);
        await work.done.catch(() => undefined);
      }
    }
  }

  #of(key: string, begin: (joiner: Joiner) => Promise<T>): Work<T> {
    const known = this.#under.get(key);
    if (known && !known.abort.signal.aborted) return known;
    const abort = new AbortController();
    const progress = new Set<Joiner['progress']>();
    // One that was called off writes to the same files until it has ended.
    const before = known?.done.then(() => undefined, () => undefined) ?? Promise.resolve();
    const done = before.then(() => begin({ signal: abort.signal, progress: (stage, fraction) => { for (const each of progress) each(stage, fraction); } }));
    const work: Work<T> = { done, abort, progress, waiting: 0 };
    this.#under.set(key, work);
    const forget = (): void => { if (this.#under.get(key) === work) this.#under.delete(key); };
    done.then(forget, forget);
    return work;
  }
}
