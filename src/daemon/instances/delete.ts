/** Deletes an instance: at first so that it can be recovered, with `purge` for good. */
import type { Result, Task } from '../operations/engine.ts';
import type { Supervisor } from '../supervisor.ts';
import { adopt } from './adopt.ts';
import type { House } from './house.ts';
import { removeForGood } from './remove.ts';
import { clearAway } from './start.ts';
import { stop } from './stop.ts';

export const DELETE_STEPS = ['mark', 'halt', 'remove'] as const;

/** Multipass halts what it deletes softly: the guest gets this long to go by itself. */
const HALT_SECONDS = 60;

export async function deleteInstance(house: House, supervisor: Supervisor, purge: boolean, task: Task): Promise<Result> {
  task.progress(`Deleting ${supervisor.name}`);
  task.step('mark');
  const { wanted } = supervisor.record;
  supervisor.want({ deleted: true, running: false });
  try {
    task.step('halt');
    if (purge || !supervisor.machine) await clearAway(house, supervisor);
    else await haltOrKill(house, supervisor, task);
  } catch (error) {
    // Called off: what is not deleted must not carry the mark, or the next purge would take it.
    supervisor.want(wanted);
    if (!supervisor.machine && !wanted.deleted) supervisor.settle('Stopped');
    throw error;
  }
  supervisor.settle('Deleted');
  if (!purge) return {};
  task.step('remove');
  await removeForGood(house, supervisor);
  return {};
}

async function haltOrKill(house: House, supervisor: Supervisor, task: Task): Promise<void> {
  try {
    await stop(house, supervisor, { force: false, seconds: HALT_SECONDS }, { ...task, step: () => {} });
  } catch (error) {
    task.signal.throwIfAborted();
    task.notice(`${supervisor.name} did not shut down within ${HALT_SECONDS} s, so its plug was pulled (${error instanceof Error ? error.message : String(error)})`);
    await clearAway(house, supervisor);
  }
}

/** What was suspended when it was deleted is so again. */
export async function recover(house: House, supervisor: Supervisor): Promise<Result> {
  supervisor.want({ deleted: false, running: false });
  supervisor.settle('Stopped');
  await adopt(house, supervisor, false);
  return {};
}
