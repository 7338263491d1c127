/** Many forks, and for as long as is asked one live fault after the other in one of them: it stays in hand, the others hear nothing of it. */
import { andMended, mend, runFault, type Watched } from '../faults/run-fault.ts';
import { FAULTS } from '../faults/table.ts';
import type { TestHome } from '../real/home.ts';
import { oneOf } from './random.ts';

export interface Soaked {
  readonly instance: string;
  readonly watched: Watched;
}

export interface SoakWish {
  readonly home: TestHome;
  readonly names: readonly string[];
  readonly untilMs: number;
  readonly random: () => number;
  readonly tell: (line: string) => void;
}

/** @returns what held, and what did not in words */
export async function soakLiveFaults({ home, names, untilMs, random, tell }: SoakWish): Promise<{ readonly held: readonly Soaked[]; readonly failed: readonly string[] }> {
  const held: Soaked[] = [];
  const failed: string[] = [];
  while (performance.now() < untilMs) {
    const instance = oneOf(names, random);
    const other = oneOf(names.filter((name) => name !== instance), random);
    const fault = oneOf(FAULTS, random);
    // One look at what the others hear of it, in each fault: an hour is to have many of them.
    const watch = { home, instance, other, watchSeconds: 0 };
    try {
      const watched = await andMended(() => mend(fault, watch), () => runFault(fault, watch));
      held.push({ instance, watched });
      tell(`${instance}: ${fault.name}: exec ${watched.firstExecSeconds.toFixed(2)} s, list ${watched.slowestListSeconds.toFixed(2)} s, ${other} ${watched.slowestOtherSeconds.toFixed(2)} s`);
    } catch (error) {
      failed.push(`${instance}: ${fault.name}: ${String(error).split('\n').slice(0, 2).join(' ')}`);
      tell(`FAILED ${failed.at(-1)}`);
    }
  }
  for (const name of names) {
    const { hold } = await home.info(name);
    if (hold !== 'held') failed.push(`${name} at the end: its hold is ${hold}`);
  }
  return { held, failed };
}
