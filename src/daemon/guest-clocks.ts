/** Guests' clocks follow the host's where they cannot have noticed: it slept or was set, or the guest stood still. */
import type { RunningMachine } from '../drivers/driver.ts';
import type { Log } from './log/log.ts';
import type { Supervisor } from './supervisor.ts';

const DEADLINE_MS = 60_000;

/** @param jumpMs  by which the host's clock jumped, negative when it was set back */
export async function clockJumped(supervisors: readonly Supervisor[], jumpMs: number, log: Log): Promise<void> {
  const running = supervisors.flatMap(({ name, machine }) => (machine && machine.end === undefined && !machine.isPaused ? [{ name, machine }] : []));
  for (const { machine } of running) machine.guest.wake();
  const set = await Promise.all(running.map(({ name, machine }) => setGuestClock(name, machine, log)));
  log.line('clock', null, `the host's clock jumped by ${Math.round(jumpMs / 1000)} s (it slept, or was set); ${set.filter(Boolean).length} of ${running.length} running guests were set to it`);
}

/** @returns whether it was; why not is in the log */
export async function setGuestClock(name: string, machine: RunningMachine, log: Log): Promise<boolean> {
  try {
    await machine.guest.setClock(AbortSignal.timeout(DEADLINE_MS));
    return true;
  } catch (error) {
    if (machine.end === undefined) {
      log.line('guest-clock', name, `its clock could not be set to the host's: ${error instanceof Error ? error.message : String(error)}`, `set it: holdfast exec ${name} -- sudo date --set=@$(date +%s)`);
    }
    return false;
  }
}
