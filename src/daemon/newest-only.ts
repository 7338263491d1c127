/** Work on what a guest says: one at a time, and not without a rest, however much it says. */

export interface NewestOnly<T> extends Disposable {
  /** Is worked on at once after a rest, otherwise when that is over, unless something newer has come by then. */
  give(value: T): void;
}

/** @param restMs  from the end of one to the beginning of the next  @param work  must not fail */
export function newestOnly<T>(restMs: number, work: (value: T) => void | Promise<void>): NewestOnly<T> {
  let waiting: { readonly value: T } | undefined;
  let isBusy = false;
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    const taken = waiting;
    waiting = undefined;
    isBusy = taken !== undefined && !isOver;
    if (taken === undefined || isOver) return;
    void Promise.resolve(work(taken.value)).then(() => {
      timer = setTimeout(next, restMs).unref();
    });
  };
  return {
    give(value) {
      waiting = { value };
      if (!isBusy) next();
    },
    [Symbol.dispose]() {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
