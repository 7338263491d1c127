/** Takes over the machine of one instance that an earlier daemon started, and says what became of it where there is none. */
import { fail } from '../../core/errors.ts';
import type { State } from '../../core/instance.ts';
import type { Supervisor } from '../supervisor.ts';
import { keepCards } from '../network/keep-cards.ts';
import { keepNetwork } from '../network/transaction/keep-network.ts';
import type { House } from './house.ts';

/** What it is where nothing of it runs; that nobody can tell yet makes it no other. */
export const AT_REST: ReadonlySet<State> = new Set(['Stopped', 'Deleted', 'Crashed']);

const underWay = new WeakMap<Supervisor, Promise<void>>();

/**
 * One at a time for each: a second caller shares what the first began.
 * @param isSettled  by an operation on it that is about to be taken up again
 * @param hostRestarted  nothing of before can run: it did not crash, and is still wanted (come-back.ts)
 * @throws what the driver failed with
 */
export function adopt(house: House, supervisor: Supervisor, isSettled: boolean, hostRestarted = false): Promise<void> {
  const begun = underWay.get(supervisor);
  if (begun) return begun;
  const taken = adoptNow(house, supervisor, isSettled, hostRestarted).finally(() => underWay.delete(supervisor));
  underWay.set(supervisor, taken);
  return taken;
}

/** Resolves when nobody is taking it over any more, well or not. */
export async function adopted(supervisor: Supervisor): Promise<void> {
  await underWay.get(supervisor)?.catch(() => {});
}

async function adoptNow(house: House, supervisor: Supervisor, isSettled: boolean, hostRestarted: boolean): Promise<void> {
  const before = supervisor.observed;
  const found = await house.driver.adopt(supervisor.machineSpec);
  if (house.registry.byId(supervisor.id) !== supervisor) {
    // Removed meanwhile.
    if (found && 'guest' in found) await found[Symbol.asyncDispose]();
    return;
  }
  if (found && 'guest' in found) {
    supervisor.attach(found);
    keepCards(house, supervisor);
    keepNetwork(house, supervisor);
    house.mounts.keep(house, supervisor);
    if (isSettled || found.end) return;
    // Nobody asked for it to stop: it is Running, whatever was seen last.
    if (!supervisor.record.wanted.deleted) supervisor.settle('Running');
    return;
  }
  if (supervisor.record.wanted.deleted) {
    if (!isSettled && supervisor.observed !== 'Deleted') supervisor.settle('Deleted');
    return;
  }
  if (found?.end.kind === 'suspended') return supervisor.settle('Suspended');
  // As it was, or as somebody has left it who did not wait for this.
  if (isSettled || AT_REST.has(before) || AT_REST.has(supervisor.observed)) return;
  if (!supervisor.record.wanted.running) return supervisor.settle('Stopped');
  if (found?.end.kind === 'powered-off') {
    supervisor.want({ running: false });
    return supervisor.settle('Stopped');
  }
  // The driver knows it also of a home that was last served by a Holdfast which did not remember the host's boot.
  if (hostRestarted || (found?.end.kind === 'died' && found.end.hostRestarted)) return supervisor.settle('Stopped', 'the host was restarted');
  const reason = (found?.end && 'reason' in found.end ? found.end.reason : undefined) ?? 'its machine ended while no daemon was watching';
  supervisor.settle('Crashed', reason);
  house.log.line('crash', supervisor.name, `${supervisor.name} crashed: ${reason}`, `start it again: holdfast start ${supervisor.name}`);
}

/** One that could not be taken over when the daemon began is tried again by whoever needs it. @throws wrong-state */
export async function retake(house: House, supervisor: Supervisor): Promise<void> {
  if (supervisor.state !== 'Unknown' || supervisor.machine) return;
  try {
    await adopt(house, supervisor, false);
  } catch (error) {
    throw fail('wrong-state', `${supervisor.name} runs, but cannot be taken over: ${error instanceof Error ? error.message : String(error)}`, {
      hint: `try again, or pull its plug: holdfast stop --force ${supervisor.name}`, cause: error,
    });
  }
}
