/** Many forks, and for as long as is asked one live fault after the other in one of them: it stays in hand, the others hear nothing of it. */
import { andMended, mend, runFault, type Watched } from '../faults/run-fault.ts';
import { FAULTS } from '../faults/table.ts';
import { HomeEnded, isInterrupted, patiently, type TestHome, waitGently } from '../real/home.ts';
import { oneOf } from './random.ts';

/** A fault that was made and mended again. */
export interface Soaked {
  /** In words: what held, or what did not. */
  readonly said: string;
  /** All that it took, the mending included. */
  readonly seconds: number;
  /** When it held. */
  readonly watched?: Watched;
}

export interface SoakWish {
  readonly home: TestHome;
  readonly names: readonly string[];
  readonly seconds: number;
  readonly random: () => number;
  /** After each of them. */
  readonly tell: (soaked: Soaked) => Promise<void>;
}

export async function soakLiveFaults({ home, names, seconds, random, tell }: SoakWish): Promise<void> {
  const untilMs = performance.now() + seconds * 1000;
  while (performance.now() < untilMs) {
    const instance = oneOf(names, random);
    const other = oneOf(names.filter((name) => name !== instance), random);
    const fault = oneOf(FAULTS, random);
    // One look at what the others hear of it, in each fault: an hour is to have many of them.
    const watch = { home, instance, other, watchSeconds: 0 };
    const since = performance.now();
    const soaked = await andMended(() => mend(fault, watch), () => runFault(fault, watch)).then(
      (watched) => ({ watched, said: `exec ${watched.firstExecSeconds.toFixed(2)} s, list ${watched.slowestListSeconds.toFixed(2)} s, ${other} ${watched.slowestOtherSeconds.toFixed(2)} s` }),
      (error: unknown) => {
        if (error instanceof HomeEnded || isInterrupted()) throw error;
        return { said: String(error).split('\n').slice(0, 2).join(' ') };
      },
    );
    await tell({ ...soaked, said: `${instance}: ${fault.name}: ${soaked.said}`, seconds: (performance.now() - since) / 1000 });
  }
}

/** @returns those that are not held, in words */
export async function notHeld(home: TestHome, names: readonly string[]): Promise<string[]> {
  const said: string[] = [];
  for (const name of names) {
    const { hold } = await home.info(name);
    if (hold !== 'held') said.push(`${name}: its hold is ${hold}`);
  }
  return said;
}

/** Of emulated ones on two processors the last took four minutes; a shorter time would be one for a quiet host. */
const COME_BACK_MS = 600_000;

/**
 * Kills the daemon: the next one has all of them at once to take in hand, while each has a twentieth of the host.
 * @returns seconds from its end until the last is held  @throws with those that are not
 */
export async function comeBack(home: TestHome, names: readonly string[]): Promise<number> {
  await home.killDaemon();
  const since = performance.now();
  let missing: string[] = [];
  await waitGently('all forks to be held by the next daemon', async () => {
    missing = await notHeld(home, names);
    return missing.length === 0;
  }, patiently(COME_BACK_MS)).catch((error: unknown) => { throw new Error(`${String(error)}: ${missing.join('; ')}`, { cause: error }); });
  return (performance.now() - since) / 1000;
}
