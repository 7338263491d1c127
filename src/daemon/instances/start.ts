/** Starts an instance that is stopped, suspended or crashed; done when its guest answers. */
import type { Result, Task } from '../operations/engine.ts';
import type { Supervisor } from '../supervisor.ts';
import { openTheWay, powerOn, untilHeld } from './boot.ts';
import type { House } from './house.ts';

export const START_STEPS = ['start', 'reach', 'settle'] as const;

/** What is mounted is there with the guest; for one that does not come nobody waits longer. */
const MOUNTS_MS = 30_000;

export async function start(house: House, supervisor: Supervisor, seconds: number, task: Task): Promise<Result> {
  task.step('start');
  // A guest that panicked is kept, paused, to be looked at; what starts anew begins without it.
  if (supervisor.state === 'Crashed') await clearAway(house, supervisor);
  const resumes = supervisor.state === 'Suspended';
  if (!supervisor.machine) await powerOnOrStop(house, supervisor, task);
  const result = await reach(supervisor, seconds, task, resumes);
  await house.mounts.settled(supervisor, MOUNTS_MS, task.signal);
  return result;
}

/** A start that fails, or is cancelled, leaves the instance stopped; one that was to come back by itself is still to come. */
async function powerOnOrStop(house: House, supervisor: Supervisor, task: Task): Promise<void> {
  const before = supervisor.state;
  const isToCome = before !== 'Crashed' && supervisor.record.wanted.running;
  try {
    await powerOn(house, supervisor, task);
  } catch (error) {
    await clearAway(house, supervisor);
    supervisor.want({ running: isToCome && !task.signal.aborted });
    supervisor.settle(before === 'Suspended' && await isSuspended(house, supervisor) ? before : 'Stopped');
    throw error;
  }
}

/** One that had gone on before its start failed is so no more: its next start is a boot. */
async function isSuspended(house: House, supervisor: Supervisor): Promise<boolean> {
  const found = await house.driver.adopt(supervisor.machineSpec).catch(() => undefined);
  return found !== undefined && !('guest' in found) && found.end.kind === 'suspended';
}

/** Also what ends a restart: the guest answers again. One that was resumed has answered already. */
export async function reach(supervisor: Supervisor, seconds: number, task: Task, answered = false): Promise<Result> {
  try {
    task.step('reach');
    task.progress(`Waiting for ${supervisor.name} to answer`);
    if (!answered) await untilHeld(supervisor, seconds, task.signal);
    await openTheWay(supervisor, task.signal);
    task.step('settle');
  } catch (error) {
    if (supervisor.state === 'Starting' || supervisor.state === 'Restarting') supervisor.settle('Running', 'its guest has not answered yet');
    throw error;
  }
  supervisor.settle('Running');
  return {};
}

/** Ends the machine, also one that could not be taken over and that nobody holds. */
export async function clearAway(house: House, supervisor: Supervisor): Promise<void> {
  supervisor.expectEnd();
  await supervisor.machine?.kill();
  await supervisor.detach();
  await house.driver.end(supervisor.id, supervisor.name);
}
