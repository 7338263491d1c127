/** The machine of an instance that somebody wants to get into: started when it was stopped or suspended on purpose, and not paused. */
import { fail } from '../../core/errors.ts';
import type { RunningMachine } from '../../drivers/driver.ts';
import { ensureStarted } from '../instances/actions.ts';
import type { House } from '../instances/house.ts';
import type { Supervisor } from '../supervisor.ts';

export interface ReadyMachine {
  readonly machine: RunningMachine;
  /** performance.now() from which the deadline counts: a start has deadlines of its own. */
  readonly startedAt: number;
  readonly deadlineMs: number;
  /** What is left of the deadline; whole, since timers of Node's refuse a part of a millisecond. */
  readonly leftMs: number;
}

/** The deadline for an answer, in milliseconds, by how the guest's processor is carried: an emulated one makes a connection in seconds. */
export type Deadline = (isEmulated: boolean) => number;

/** @throws guest-unreachable, instance-not-found, instance-crashed, instance-deleted, wrong-state, and what a start fails with */
export async function readyMachine(
  house: House, name: string, deadline: Deadline, tell: (progress: { readonly type: 'progress'; readonly stage: string }) => void, signal: AbortSignal,
): Promise<ReadyMachine> {
  const supervisor = house.registry.require(name);
  await ensureStarted(house, supervisor, (stage) => tell({ type: 'progress', stage }), signal);
  const { machine } = supervisor;
  if (!machine) {
    throw fail('guest-unreachable', `${name} does not run: it is ${supervisor.state}${supervisor.reason ? ` (${supervisor.reason})` : ''}`, { hint: `start it: holdfast start ${name}` });
  }
  const startedAt = performance.now();
  const deadlineMs = deadline(machine.accelerator === 'tcg');
  await untilUnpaused(supervisor, deadlineMs, signal);
  return { machine, startedAt, deadlineMs, leftMs: Math.max(1000, Math.round(deadlineMs - (performance.now() - startedAt))) };
}

/** A paused machine answers nobody: say so, once it has had the time to go on. */
async function untilUnpaused(supervisor: Supervisor, deadlineMs: number, signal: AbortSignal): Promise<void> {
  if (!supervisor.machine?.isPaused) return;
  try {
    await supervisor.until(() => !supervisor.machine?.isPaused, `${supervisor.name} is paused`, deadlineMs - 1000, signal);
  } catch (error) {
    signal.throwIfAborted();
    const why = supervisor.machine?.pauseReason;
    if (why) throw fail('guest-unreachable', `${supervisor.name} is paused: ${why}`, { cause: error });
    throw fail('guest-unreachable', `${supervisor.name} is paused: something told its machine to stop, and it has not gone on for ${Math.round(deadlineMs / 1000)} s`, {
      hint: `let it go on, or restart it: holdfast stop --force ${supervisor.name}`, cause: error,
    });
  }
}
