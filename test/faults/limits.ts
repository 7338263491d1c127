/**
 * What trouble in one instance may cost, as a user feels it: seconds of whole commands, the command line's own start included,
 * where guests are emulated on a busy host with two processors. Beyond it a fault has not held.
 */
import { patiently } from '../real/home.ts';

/** The limit, for a command in any instance: one's trouble is not another's, and what it costs at first it does not cost for ever. */
export const EXEC_LIMIT_SECONDS = 10;

/** It asks no guest, however many are sick: what it takes is this host's. 1.3 s was the slowest at a load of 16, without waiting for anybody. */
const LIST_LIMIT_SECONDS = 3;

const LIMITS_SECONDS = {
  'first exec': EXEC_LIMIT_SECONDS, 'later exec': EXEC_LIMIT_SECONDS, 'exec in another instance': EXEC_LIMIT_SECONDS, list: LIST_LIMIT_SECONDS,
} as const;

/** For a table of what was measured. */
export const LIMITS_IN_WORDS = `at most ${EXEC_LIMIT_SECONDS} s for each exec, in either instance, and ${LIST_LIMIT_SECONDS} s for a list`;

export type Measured = Readonly<Partial<Record<keyof typeof LIMITS_SECONDS, number>>>;

/** @param about  how it came to it, where that is known  @throws what took too long, all of it; also what was not measured after all */
export function requireWithin(what: string, measured: Measured, about = ''): void {
  const over = Object.entries(measured).flatMap(([name, seconds]) => {
    const limit = patiently(LIMITS_SECONDS[name as keyof Measured]);
    return seconds > 0 && seconds <= limit ? [] : [`${name} took ${seconds.toFixed(1)} s, and ${limit} are allowed`];
  });
  if (over.length > 0) throw new Error(`${what}: ${over.join('; ')}${about}`);
}
