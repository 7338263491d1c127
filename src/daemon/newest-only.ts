/** Work on what a guest says: one at a time, and not without a rest, however much it says. */

export interface NewestOnly<T> extends Disposable {
  /** Is worked on at once after a rest, otherwise when that is over, unless something newer has come by then. Never throws. */
  give(value: T): void;
}

/**
 * @param restMs  from the end of one to the beginning of the next
 * @param failed  is told what the work threw, or was rejected with; the next value is worked on all the same
 */
export function newestOnly<T>(restMs: number, work: (value: T) => void | Promise<void>, failed: (error: unknown) => void): NewestOnly<T> {
  let waiting: { readonly value: T } | undefined;
  let isBusy = false;
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  const next = async (): Promise<void> => {
    const taken = waiting;
    waiting = undefined;
    isBusy = taken !== undefined && !isOver;
    if (taken === undefined || isOver) return;
    try {
      await work(taken.value);
    } catch (error) {
      failed(error);
    } finally {
      timer = setTimeout(() => void next(), restMs).unref();
    }
  };
  return {
    give(value) {
      waiting = { value };
      if (!isBusy) void next();
    },
    [Symbol.dispose]() {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
