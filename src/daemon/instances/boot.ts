/** From a machine that is laid down to a guest that answers. */
import { fail } from '../../core/errors.ts';
import { withoutNative } from '../../core/mounts/native.ts';
import type { Supervisor } from '../supervisor.ts';
import { translationBufferBytes } from '../settings/translation-buffer.ts';
import type { Task } from '../operations/engine.ts';
import { zoneFor } from '../zones/zone-for.ts';
import { areMountsAllowed } from '../mounts/mount-keeper.ts';
import { keepCards } from '../network/keep-cards.ts';
import { keepNetwork } from '../network/transaction/keep-network.ts';
import type { House } from './house.ts';

/**
 * Starts the machine and gives it to the supervisor; a fallback to emulation is told as a notice.
 * @throws daemon-stopping when the host goes down: a guest that begins to boot now would lose its power over it
 */
export async function powerOn(house: House, supervisor: Supervisor, task: Task): Promise<void> {
  if (house.hostEnd.signal.aborted) {
    throw fail('daemon-stopping', `${supervisor.name} is not started: the host is being shut down`, { hint: 'what ran comes back with the host; start anything else then' });
  }
  // It may have been closed since the start was asked for.
  zoneFor(house.zones, supervisor.record.instance.zone);
  task.progress(`Starting ${supervisor.name}`);
  supervisor.want({ running: true });
  supervisor.settle('Starting');
  const { machineSpec } = supervisor;
  const machine = await house.driver.start({
    ...machineSpec,
    spec: areMountsAllowed(house) ? machineSpec.spec : withoutNative(machineSpec.spec),
    translationBufferBytes: translationBufferBytes(house.settings),
  }, { signal: task.signal, progress: (stage, fraction) => task.progress(stage, fraction) });
  supervisor.attach(machine);
  keepCards(house, supervisor);
  keepNetwork(house, supervisor);
  house.mounts.keep(house, supervisor);
  if (machine.notice) {
    task.notice(machine.notice);
    house.log.line('accelerator', null, machine.notice);
  }
}

/** A guest that answers tells of itself a moment later, so that `info` is whole; where it does not, nobody waits for it. */
const FIRST_REPORT_MS = 10_000;
const OPEN_MS = 30_000;

/** What is too slow is told in Multipass's words, here and in untilInitialised: scripts look for them. @throws boot-failed when it ends meanwhile, too-slow */
export async function untilHeld(supervisor: Supervisor, seconds: number, signal: AbortSignal): Promise<void> {
  await supervisor.until(
    () => gone(supervisor) || supervisor.machine?.guest.hold.level === 'held' || supervisor.machine?.guest.hold.level === 'by-address',
    'timed out waiting for response',
    seconds * 1000,
    signal,
    `${supervisor.name} was started, but its guest did not answer within ${seconds} s`,
  );
  requireRunning(supervisor);
  await supervisor.until(() => gone(supervisor) || supervisor.machine?.guest.reports.system !== undefined, '', FIRST_REPORT_MS, signal)
    .catch(() => signal.throwIfAborted());
}

const SETTLED = new Set(['done', 'degraded', 'error', 'disabled']);

/** Waits for cloud-init to end, whatever its verdict: the caller reads that from the report. */
export async function untilInitialised(supervisor: Supervisor, seconds: number, signal: AbortSignal): Promise<void> {
  await supervisor.until(
    () => gone(supervisor) || SETTLED.has(supervisor.machine?.guest.reports.system?.cloudInit.status ?? ''),
    'timed out waiting for initialization to complete',
    seconds * 1000,
    signal,
    `${supervisor.name} runs and can be reached, but cloud-init did not finish within ${seconds} s`,
  );
  requireRunning(supervisor);
}

function gone(supervisor: Supervisor): boolean {
  return supervisor.machine === undefined || supervisor.state === 'Crashed';
}

function requireRunning(supervisor: Supervisor): void {
  if (!gone(supervisor)) return;
  throw fail('boot-failed', `${supervisor.name} ended while it was starting: ${supervisor.reason ?? 'it shut itself down'}`, {
    hint: `its console: holdfast logs ${supervisor.name}`,
  });
}

/** So that the first command after a launch or a start finds its way open. It may come by another rung, or not at all: no failure. @throws boot-failed when the machine ended meanwhile */
export async function openTheWay(supervisor: Supervisor, signal: AbortSignal): Promise<void> {
  await supervisor.machine?.guest.reach('session', { deadlineMs: OPEN_MS, signal }).catch(() => signal.throwIfAborted());
  requireRunning(supervisor);
}
