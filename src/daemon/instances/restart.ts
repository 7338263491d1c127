/** Restarts an instance: the guest reboots inside its machine; where it cannot be told to, the machine is reset. */
import type { Result, Task } from '../operations/engine.ts';
import type { Supervisor } from '../supervisor.ts';
import { untilHeld } from './boot.ts';
import type { House } from './house.ts';
import { reach, start } from './start.ts';
import { askGuest, runInGuest } from './stop.ts';

export const RESTART_STEPS = ['ask', 'reboot', 'reach', 'settle'] as const;

export async function restart(house: House, supervisor: Supervisor, seconds: number, task: Task): Promise<Result> {
  const machine = supervisor.machine;
  if (!machine || supervisor.state === 'Crashed') return await start(house, supervisor, seconds, task);
  const before = machine.guest.reports.system?.bootId ?? await askBootId(supervisor, task.signal);
  task.step('ask');
  task.progress(`Restarting ${supervisor.name}`);
  supervisor.settle('Restarting');
  if (!(await runInGuest(supervisor, ['systemctl', '--no-block', 'reboot'], task.signal))) await machine.reset();
  task.step('reboot');
  await untilBootedAnew(supervisor, before, seconds, task.signal);
  return await reach(supervisor, seconds, task);
}

/** A guest that says another boot id has been through it; one that ended meanwhile is for `reach` to tell. */
async function untilBootedAnew(supervisor: Supervisor, before: string | undefined, seconds: number, signal: AbortSignal): Promise<void> {
  if (before === undefined) return await untilHeld(supervisor, seconds, signal);
  await supervisor.until(
    () => supervisor.machine === undefined || supervisor.state === 'Crashed'
      || ![undefined, before].includes(supervisor.machine.guest.reports.system?.bootId),
    'timed out waiting for response', seconds * 1000, signal, `${supervisor.name} was told to restart, but has not come back within ${seconds} s`,
  );
}

/** Of a guest that answers and has not reported yet. */
async function askBootId(supervisor: Supervisor, signal: AbortSignal): Promise<string | undefined> {
  const answer = await askGuest(supervisor, ['cat', '/proc/sys/kernel/random/boot_id'], signal);
  return answer?.trim().slice(0, 64);
}
