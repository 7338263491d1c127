/** Stops an instance: asks the guest, waits, and says what to do when it does not go. */
import { fail } from '../../core/errors.ts';
import { runCommand } from '../../guest/run-command.ts';
import type { Result, Task } from '../operations/engine.ts';
import type { Supervisor } from '../supervisor.ts';
import type { House } from './house.ts';
import { clearAway } from './start.ts';

export const STOP_STEPS = ['ask', 'wait', 'settle'] as const;

/** Of a lane that is being opened, under emulation. */
const LANE_PATIENCE_MS = 15_000;
const ASK_AGAIN_MS = 20_000;

export interface StopRequest {
  readonly force: boolean;
  readonly seconds: number;
}

export async function stop(house: House, supervisor: Supervisor, { force, seconds }: StopRequest, task: Task): Promise<Result> {
  task.step('ask');
  task.progress(`Stopping ${supervisor.name}`);
  supervisor.want({ running: false });
  try {
    if (force || supervisor.state === 'Crashed') await pullThePlug(house, supervisor);
    else await askToPowerOff(supervisor, task.signal);
    task.step('wait');
    await untilOff(supervisor, seconds, task.signal);
  } catch (error) {
    // It did not go: when it is killed later, that is a crash.
    supervisor.expectNoEnd();
    throw error;
  }
  task.step('settle');
  supervisor.settle('Stopped');
  return {};
}

/** Of what was suspended too: the next start is a boot. */
async function pullThePlug(house: House, supervisor: Supervisor): Promise<void> {
  await clearAway(house, supervisor);
  await house.driver.discard?.(supervisor.id);
}

/** Whether it is wanted is the caller's. @throws too-slow, or the signal's reason */
export async function powerOff(supervisor: Supervisor, seconds: number, signal: AbortSignal): Promise<void> {
  await askToPowerOff(supervisor, signal);
  await untilOff(supervisor, seconds, signal);
}

/** Over the control lane, which needs no cooperation of the guest's power button; by the button where no rung answers. */
async function askToPowerOff(supervisor: Supervisor, signal: AbortSignal): Promise<void> {
  const { machine } = supervisor;
  if (!machine) return;
  await untilDecided(supervisor, LANE_PATIENCE_MS, signal);
  if (supervisor.machine !== machine) return;
  supervisor.expectEnd();
  if (!(await runInGuest(supervisor, ['systemctl', '--no-block', 'poweroff'], signal))) await machine.powerDown();
}

/** Just taken over, or just started: the lane is about to answer, and who would hear the button may not be up yet. */
export async function untilDecided(supervisor: Supervisor, withinMs: number, signal: AbortSignal): Promise<void> {
  const { machine } = supervisor;
  const undecided = () => machine !== undefined && supervisor.machine === machine && !machine.isPaused && machine.guest.hold.level === 'none';
  await supervisor.until(() => !undecided(), '', withinMs, signal).catch(() => signal.throwIfAborted());
}

/** @returns whether the guest took the command */
export async function runInGuest(supervisor: Supervisor, argv: readonly string[], signal: AbortSignal): Promise<boolean> {
  // The connection may well end while the guest goes down: then it was told.
  const { machine } = supervisor;
  return await askGuest(supervisor, argv, signal) !== undefined || (machine !== undefined && supervisor.machine === undefined);
}

/** @returns what a small command said, by whatever way to the guest is left, or undefined where it failed or nobody answered */
export async function askGuest(supervisor: Supervisor, argv: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  const { machine } = supervisor;
  if (!machine || machine.isPaused || machine.guest.hold.level === 'none') return undefined;
  try {
    const { shell } = await machine.guest.reach('control', { deadlineMs: 10_000, signal });
    const { exit, stdout } = await runCommand(shell, argv, { maxBytes: 4096, deadlineMs: 20_000, signal });
    return 'code' in exit && exit.code === 0 ? stdout : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** A guest that is still booting drops the button's press, and one told too early may forget: it is asked again. */
async function untilOff(supervisor: Supervisor, seconds: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const left = deadline - performance.now();
    if (left <= 0) break;
    const off = await supervisor.until(() => supervisor.machine === undefined, '', Math.min(left, ASK_AGAIN_MS), signal).then(() => true, () => false);
    if (off) return;
    signal.throwIfAborted();
    await askToPowerOff(supervisor, signal).catch(() => signal.throwIfAborted());
  }
  throw fail('too-slow', `${supervisor.name} was asked to shut down, and has not within ${seconds} s`, {
    hint: `pull its plug: holdfast stop --force ${supervisor.name}`,
  });
}
