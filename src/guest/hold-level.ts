/** Decides how well a guest is held, and says it in a sentence. Pure. */
import type { Hold } from '../core/instance.ts';
import { seconds } from './ssh/time-limit.ts';

export interface HoldFacts {
  readonly name: string;
  /** Milliseconds since the control lane last said anything; undefined when it never has. */
  readonly quietMs: number | undefined;
  /** Milliseconds since it should have come up and said something; negative while it may still boot. */
  readonly overdueMs: number;
  /** So much quiet is no news: a lane that reconnects, a guest that is busy. */
  readonly graceMs: number;
  /** What went wrong with the control lane, if it is known. */
  readonly why: string | undefined;
  readonly addressAnswers: boolean;
  readonly hasConsole: boolean;
  /** It is going down because somebody asked for it. */
  readonly ending: boolean;
}

export function holdOf({ name, quietMs, overdueMs, graceMs, why, addressAnswers, hasConsole, ending }: HoldFacts): Hold {
  if (quietMs === undefined && overdueMs < graceMs) return { level: 'none', reason: 'waiting for the guest' };
  if (quietMs !== undefined && quietMs < graceMs) return { level: 'held', reason: null };
  if (ending) return { level: 'none', reason: null };
  const lane = `${name} is running, but its control lane ${quietMs === undefined ? 'has not answered yet' : `has not answered for ${seconds(quietMs)}`}${why === undefined ? '' : ` (${why})`}`;
  if (addressAnswers) return { level: 'by-address', reason: `${lane}; it is reached by its address instead` };
  return { level: 'lost', reason: hasConsole ? `${lane}; its console is open: holdfast logs ${name}` : lane };
}
