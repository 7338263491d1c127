/** A turn that can be called off while it is waited for: who leaves does so at once, and what has begun is carried through. */
import type { InTurn } from '../../../core/one-at-a-time.ts';

/** @throws the signal's reason where it aborts before the work has begun, which it never does then */
export async function turnOrLeave<T>(inTurn: InTurn, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: left, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', leave, { once: true });
  const turn = inTurn(() => {
    signal.removeEventListener('abort', leave);
    signal.throwIfAborted();
    return work();
  });
  return await Promise.race([turn, left]);
}
