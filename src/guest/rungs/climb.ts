/** Tries the ways into a guest in order, each with its share of the time, and keeps why each was passed over. */
import { fail } from '../../core/errors.ts';
import type { Rung } from '../../core/instance.ts';
import type { Reached } from '../access.ts';
import type { GuestShell } from '../shell.ts';
import { clause } from '../ssh/failure.ts';
import { orAbort, seconds, timeLimit } from '../ssh/time-limit.ts';

export interface RungRoute {
  readonly rung: Rung;
  /** As in `its control lane`. */
  readonly name: string;
  readonly reach: (signal: AbortSignal) => Promise<GuestShell>;
  /** Asked when its turn comes: where nobody is at the other end, how long to wait before the next is tried beside it. */
  readonly absent?: () => { readonly patienceMs: number; readonly why: string } | undefined;
}

/** What the first of several rungs may use of the time that is left; the last has all of it. */
const SHARE = 0.6;
const LAST_WORDS_MS = 50;

/** @throws guest-unreachable, cancelled */
export async function climb(guest: string, routes: readonly RungRoute[], { deadlineMs, signal }: { readonly deadlineMs: number; readonly signal: AbortSignal }): Promise<Reached> {
  const until = performance.now() + deadlineMs;
  const passedOver: string[] = [];
  let cause: unknown;
  const over = new AbortController();
  using whole = timeLimit(deadlineMs, signal);
  /** Attempts that go on beside later ones: a guest that restarts comes back on its lane. */
  const beside: Promise<Reached>[] = [];
  try {
    for (const [index, { rung, name, reach, absent }] of routes.entries()) {
      const left = until - performance.now();
      const isLast = index === routes.length - 1;
      const nobody = isLast ? undefined : absent?.();
      const share = nobody ? Math.min(left, nobody.patienceMs) : isLast ? left : left * SHARE;
      using limit = timeLimit(share, signal);
      // A moment longer, in which the rung says in its own words why it did not answer.
      using latest = timeLimit(nobody ? share : share + LAST_WORDS_MS, signal);
      const before = [...passedOver];
      const attempt = reach(nobody ? AbortSignal.any([over.signal, whole.signal]) : limit.signal).then((shell) => ({ shell: shared(shell), rung, passedOver: before }));
      try {
        return await orAbort(firstOf([...beside, attempt], attempt), latest.signal);
      } catch (error) {
        if (signal.aborted) throw fail('cancelled', `reaching ${guest} was cancelled`, { cause: error });
        if (nobody && latest.expired) beside.push(attempt);
        passedOver.push(`${name}: ${nobody && latest.expired ? nobody.why : clause(error)}`);
        cause ??= error;
      }
    }
    if (beside.length > 0) return await orAbort(Promise.any(beside), whole.signal);
  } catch (error) {
    if (signal.aborted) throw fail('cancelled', `reaching ${guest} was cancelled`, { cause: error });
    cause ??= error;
  } finally {
    over.abort();
  }
  throw fail('guest-unreachable', `${guest} is running, but could not be reached within ${seconds(deadlineMs)}: ${passedOver.join('; ')}`, {
    hint: `What its console says: holdfast logs ${guest}`, cause,
  });
}

/** The first success of all; fails as soon as its own attempt has, since the others are waited for elsewhere. */
function firstOf(all: readonly Promise<Reached>[], own: Promise<Reached>): Promise<Reached> {
  const { promise, resolve, reject } = Promise.withResolvers<Reached>();
  for (const one of all) one.then(resolve, one === own ? reject : () => {});
  return promise;
}

/** The same connection for everybody: whoever is done with it must not close it for the others. */
function shared(shell: GuestShell): GuestShell {
  return {
    user: shell.user,
    closed: shell.closed,
    get alive() { return shell.alive; },
    exec: (request, signal) => shell.exec(request, signal),
    ...(shell.connect && { connect: (path: string, signal: AbortSignal) => shell.connect?.(path, signal) ?? Promise.reject(new TypeError('it cannot carry a stream')) }),
    async [Symbol.asyncDispose]() {},
  };
}
