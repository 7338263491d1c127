/** Stops an instance and starts it again, and looks at every lane: none may be dead. */
import type { TestHome } from '../real/home.ts';

export interface Cycle {
  readonly stopSeconds: number;
  /** Until the guest answers: a boot. */
  readonly startSeconds: number;
  /** The first command over the session lane. */
  readonly execSeconds: number;
}

/** @throws with the lane that was dead */
export async function cycle(home: TestHome, instance: string): Promise<Cycle> {
  const stopped = await home.must(['stop', instance], { timeoutMs: 400_000 });
  const started = await home.must(['start', instance], { timeoutMs: 700_000 });
  const exec = await home.must(['exec', '--verbose', instance, '--', 'true'], { timeoutMs: 60_000 });
  // By the session lane, and without one that was passed over; the control lane is what `held` means.
  if (!/\blane\b/.test(exec.stderr)) throw new Error(`${instance}'s session lane was dead: ${exec.stderr}`);
  const { hold, hold_reason: why } = await home.info(instance);
  if (hold !== 'held') throw new Error(`${instance}'s control lane was dead: ${hold} (${why ?? 'no reason'})`);
  return { stopSeconds: stopped.seconds, startSeconds: started.seconds, execSeconds: exec.seconds };
}
