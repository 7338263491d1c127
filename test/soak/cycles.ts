/** Stops an instance and starts it again, and looks at every lane: none may be dead. */
import { join } from 'node:path';
import { CHECKOUT, type TestHome } from '../real/home.ts';

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
  requireLane('session', instance, exec.stderr);
  requireLane('bulk', instance, (await home.must(['transfer', '--verbose', join(CHECKOUT, 'package.json'), `${instance}:soak`], { timeoutMs: 60_000 })).stderr);
  // The control lane is what `held` means.
  const { hold, hold_reason: why } = await home.info(instance);
  if (hold !== 'held') throw new Error(`${instance}'s control lane was dead: ${hold} (${why ?? 'no reason'})`);
  return { stopSeconds: stopped.seconds, startSeconds: started.seconds, execSeconds: exec.seconds };
}

/** @param told  by --verbose: another way than the lane is named in its place, with the lane among what was passed over */
export function requireLane(lane: string, instance: string, told: string): void {
  if (!/^carried by: lane$/m.test(told)) throw new Error(`${instance}'s ${lane} lane was dead: ${told}`);
}
