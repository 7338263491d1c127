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
}

/** What the first of several rungs may use of the time that is left; the last has all of it. */
const SHARE = 0.6;
const LAST_WORDS_MS = 50;

export async function climb(guest: string, routes: readonly RungRoute[], { deadlineMs, signal }: { readonly deadlineMs: number; readonly signal: AbortSignal }): Promise<Reached> {
  const until = performance.now() + deadlineMs;
  const passedOver: string[] = [];
  let cause: unknown;
  for (const [index, { rung, name, reach }] of routes.entries()) {
    const left = until - performance.now();
    const share = index === routes.length - 1 ? left : left * SHARE;
    using limit = timeLimit(share, signal);
    // A moment longer, in which the rung says in its own words why it did not answer.
    using latest = timeLimit(share + LAST_WORDS_MS, signal);
    try {
      const shell = await orAbort(reach(limit.signal), latest.signal);
      return { shell: shared(shell), rung, passedOver };
    } catch (error) {
      if (signal.aborted) throw fail('cancelled', `reaching ${guest} was cancelled`, { cause: error });
      passedOver.push(`${name}: ${clause(error)}`);
      cause ??= error;
    }
  }
  throw fail('guest-unreachable', `${guest} is running, but could not be reached within ${seconds(deadlineMs)}: ${passedOver.join('; ')}`, {
    hint: `What its console says: holdfast logs ${guest}`, cause,
  });
}

/** The same connection for everybody: whoever is done with it must not close it for the others. */
function shared(shell: GuestShell): GuestShell {
  return {
    user: shell.user,
    closed: shell.closed,
    get alive() { return shell.alive; },
    exec: (request, signal) => shell.exec(request, signal),
    async [Symbol.asyncDispose]() {},
  };
}
