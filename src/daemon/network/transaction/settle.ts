/** Finishes the record of a change by what the guest says of it: the guest decides, whatever became of the daemon meanwhile. */
import { changedFiles, standing as standingOf, type Revision } from '../../../core/network/revision.ts';
import type { House } from '../../instances/house.ts';
import type { Supervisor } from '../../supervisor.ts';
import type { GuestNetwork } from './guest-network.ts';

/** Kept, in the record as in the guest; told to whoever listens. */
export function settleCommitted(house: House, supervisor: Supervisor, revision: Revision): void {
  const before = beforeIt(house, supervisor, revision);
  house.history.settle(supervisor.id, revision.number, 'committed', null);
  const files = changedFiles(before?.files ?? [], revision.files).map(({ path }) => path);
  const restore = before === undefined ? '' : `; ${asBefore(supervisor, before)}`;
  house.events.publish({
    type: 'instance-netplan', instance: supervisor.name, revision: revision.number, by: 'holdfast', files,
    message: `${revision.command ?? 'a change'} of ${supervisor.name}'s network was kept as revision ${revision.number}${restore}`,
  }, supervisor.owner);
}

/** @returns undefined where nothing is known of the time before */
export function beforeIt(house: House, supervisor: Supervisor, revision: Revision): Revision | undefined {
  return standingOf(house.history.all(supervisor.id).filter(({ number }) => number < revision.number));
}

export function asBefore({ name }: Supervisor, before: Revision): string {
  return `as it was before: holdfast net restore ${name} ${before.number}`;
}

export function settleUndone(house: House, supervisor: Supervisor, revision: Revision, reason: string): void {
  house.history.settle(supervisor.id, revision.number, 'rolled-back', reason);
  house.events.publish({
    type: 'instance-netplan', instance: supervisor.name, revision: revision.number, by: 'holdfast', files: [],
    message: `${revision.command ?? 'a change'} of ${supervisor.name}'s network (revision ${revision.number}) was undone: ${reason}`,
  }, supervisor.owner);
}

/** @returns milliseconds that it stays armed for; undefined when it has ended and is written down */
export async function settleByGuest(house: House, supervisor: Supervisor, revision: Revision, guest: GuestNetwork, signal: AbortSignal): Promise<number | undefined> {
  const { standing, reason, leftMs } = await guest.standing(revision.transaction ?? '', signal);
  // Somebody else has asked meanwhile, and was faster.
  if (pendingOf(house, supervisor)?.number !== revision.number) return undefined;
  switch (standing) {
    case 'armed': return leftMs ?? 0;
    case 'committed': settleCommitted(house, supervisor, revision); return undefined;
    case 'rolled-back': settleUndone(house, supervisor, revision, reason ?? 'the guest undid it'); return undefined;
    case 'unknown': settleUndone(house, supervisor, revision, 'the guest never heard of it'); return undefined;
  }
}

/** One that is neither kept nor undone: there is one at most for each instance. */
export function pendingOf(house: House, supervisor: Supervisor): Revision | undefined {
  return house.history.armed(supervisor.id);
}
