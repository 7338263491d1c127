/** Restarts an instance: the guest reboots inside its machine; where it cannot be told to, its power button is pressed; only what does neither is reset. */
import { fail } from '../../core/errors.ts';
import type { Result, Task } from '../operations/engine.ts';
import type { Supervisor } from '../supervisor.ts';
import { untilHeld } from './boot.ts';
import type { House } from './house.ts';
import { reach, start } from './start.ts';
import { askGuest, runInGuest, untilDecided } from './stop.ts';

export const RESTART_STEPS = ['ask', 'reboot', 'reach', 'settle'] as const;

/** A guest that heard its power button has shut down within it, an emulated one too; at most a third of the time that is left. */
const BUTTON_MS = 60_000;
const ASK_AGAIN_MS = 2_000;
const ASK_HELD_MS = 15_000;

export async function restart(house: House, supervisor: Supervisor, seconds: number, task: Task): Promise<Result> {
  if (!supervisor.machine || supervisor.state === 'Crashed') return await start(house, supervisor, seconds, task);
  const until = performance.now() + seconds * 1000;
  const left = (): number => Math.max(1, Math.round((until - performance.now()) / 1000));
  task.step('ask');
  task.progress(`Restarting ${supervisor.name}`);
  supervisor.settle('Restarting');
  // One that boots, or was just taken over, is told when it answers: a reset would take its disks from what it is at.
  await untilDecided(supervisor, seconds * 1000, task.signal);
  const before = supervisor.machine?.guest.reports.system?.bootId ?? await askBootId(supervisor, task.signal);
  if (!(await runInGuest(supervisor, ['systemctl', '--no-block', 'reboot'], task.signal))) await pressTheButton(supervisor, Math.min(BUTTON_MS, left() * 1000 / 3), task);
  // It shut down, by the button or by itself.
  if (!supervisor.machine) return await start(house, supervisor, left(), task);
  task.step('reboot');
  await untilBootedAnew(supervisor, before, left(), task.signal);
  return await reach(supervisor, left(), task);
}

/** A machine that is still there afterwards has been reset. */
async function pressTheButton(supervisor: Supervisor, withinMs: number, task: Task): Promise<void> {
  const { machine } = supervisor;
  if (!machine) return;
  if (!machine.isPaused) {
    task.progress(`Restarting ${supervisor.name}: its guest does not answer, so its power button is pressed`);
    supervisor.expectEnd();
    await machine.powerDown();
    await supervisor.until(() => supervisor.machine !== machine, '', withinMs, task.signal).catch(() => task.signal.throwIfAborted());
    supervisor.expectNoEnd();
    if (supervisor.machine !== machine) return;
    task.notice(`${supervisor.name} neither answered nor shut down within ${Math.round(withinMs / 1000)} s, and was reset`);
  }
  await machine.reset();
}

/** A guest that says another boot id has been through it; one that ended meanwhile is for `reach` to tell. */
async function untilBootedAnew(supervisor: Supervisor, before: string | undefined, seconds: number, signal: AbortSignal): Promise<void> {
  if (before === undefined) return await untilHeld(supervisor, seconds, signal);
  const deadline = performance.now() + seconds * 1000;
  const isAnew = (id: string | undefined): boolean => id !== undefined && id !== before;
  const isOver = (): boolean => !supervisor.machine || supervisor.state === 'Crashed' || isAnew(supervisor.machine.guest.reports.system?.bootId);
  for (;;) {
    // One that does not report, as where Python is gone, is asked.
    const restMs = supervisor.machine?.guest.hold.level === 'by-address' ? ASK_AGAIN_MS : ASK_HELD_MS;
    const left = deadline - performance.now();
    if (left <= 0) {
      throw fail('too-slow', 'timed out waiting for response', { hint: `${supervisor.name} was told to restart, but has not come back within ${seconds} s; its console: holdfast logs ${supervisor.name}` });
    }
    await supervisor.until(isOver, '', Math.min(restMs, left), signal).catch(() => signal.throwIfAborted());
    if (isOver() || isAnew(await askBootId(supervisor, signal))) return;
  }
}

/** Of a guest that answers and has not reported yet. */
async function askBootId(supervisor: Supervisor, signal: AbortSignal): Promise<string | undefined> {
  const answer = await askGuest(supervisor, ['cat', '/proc/sys/kernel/random/boot_id'], signal);
  return answer?.trim().slice(0, 64);
}
