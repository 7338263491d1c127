/** Waiting with an end: every wait in src/guest goes through here. */
import { fail } from '../../core/errors.ts';

export interface TimeLimit extends Disposable {
  readonly signal: AbortSignal;
  readonly expired: boolean;
}

/** A signal that aborts after `ms` or with `outer`; disposing it clears the timer. */
export function timeLimit(ms: number, outer?: AbortSignal): TimeLimit {
  const controller = new AbortController();
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    controller.abort(fail('too-slow', `no answer within ${seconds(ms)}`));
  }, Math.max(0, ms));
  const abort = (): void => controller.abort(outer?.reason);
  if (outer?.aborted) abort();
  else outer?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    get expired() { return expired; },
    [Symbol.dispose]() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', abort);
    },
  };
}

/** @throws the reason of the first signal to abort, at once; the promise itself goes on and its rejection is no longer news */
export async function orAbort<T>(promise: Promise<T>, ...signals: readonly AbortSignal[]): Promise<T> {
  promise.catch(() => {});
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => {
    const reason: unknown = signals.find((signal) => signal.aborted)?.reason;
    reject(reason instanceof Error ? reason : fail('cancelled', 'cancelled'));
  };
  for (const signal of signals) signal.addEventListener('abort', abort, { once: true });
  if (signals.some((signal) => signal.aborted)) abort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', abort);
  }
}

/** Resolves early, without complaint, when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}

export function seconds(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms / 100) / 10} s` : `${Math.round(ms / 1000)} s`;
}
