/** The end of a change that is held: kept or undone by whoever asked for it to wait, or undone by the guest when nobody said anything. */
import type { WireOperation } from '../../../api/schemas.ts';
import { fail } from '../../../core/errors.ts';
import type { Revision } from '../../../core/network/revision.ts';
import type { House } from '../../instances/house.ts';
import type { Result, Task } from '../../operations/engine.ts';
import { remedyForUnkept } from '../../log/remedies.ts';
import type { Supervisor } from '../../supervisor.ts';
import { asBefore, beforeIt, pendingOf, settleByGuest, settleCommitted, settleUndone } from './settle.ts';
import { guestNetwork, requireAnswering } from './situation.ts';

export const DECISION_KINDS = ['net-commit', 'net-rollback'] as const;
export const DECISION_STEPS = ['settle'] as const;

/** @throws instance-not-found, not-found  nothing waits, instance-busy, wrong-state */
export function decide(house: House, name: string, commit: boolean): WireOperation {
  const supervisor = house.registry.require(name);
  requirePending(house, supervisor);
  const busy = supervisor.occupation;
  if (busy) throw supervisor.busy(busy);
  requireAnswering(supervisor);
  const kind = DECISION_KINDS[commit ? 0 : 1];
  return house.engine.begin({
    kind, instanceName: name, instanceId: supervisor.id, request: { commit }, owner: house.owner, body: (task) => carryOut(house, supervisor, commit, task),
  });
}

/** Also what the next daemon does with it: done again it comes to the same. */
export async function carryOut(house: House, supervisor: Supervisor, commit: boolean, task: Task): Promise<Result> {
  using _busy = supervisor.occupy({ operation: task.id, kind: DECISION_KINDS[commit ? 0 : 1] });
  task.step('settle');
  const revision = requirePending(house, supervisor);
  const transaction = revision.transaction ?? '';
  task.progress(`${commit ? 'Keeping' : 'Undoing'} the change of ${supervisor.name}'s network`);
  const guest = await guestNetwork(supervisor, task.signal);
  const result = { revision: String(revision.number), transaction };
  if (commit) {
    const { standing, reason } = await guest.standing(transaction, task.signal);
    if (standing === 'armed') await guest.commit(transaction, task.signal);
    else if (standing !== 'committed') {
      settleUndone(house, supervisor, revision, reason ?? 'the guest undid it');
      throw fail('rolled-back', `it cannot be kept any more: ${supervisor.name}'s network is as it was before: ${reason ?? 'the guest undid it'}`, { hint: `apply it again, with a longer --confirm-within; see: holdfast net history ${supervisor.name}` });
    }
    settleCommitted(house, supervisor, revision);
    return result;
  }
  const { standing, reason } = await guest.rollBack(transaction, 'it was asked for', task.signal);
  if (standing === 'committed') {
    settleCommitted(house, supervisor, revision);
    const before = beforeIt(house, supervisor, revision);
    throw fail('wrong-state', `it was kept already, as revision ${revision.number} of ${supervisor.name}`, {
      hint: before === undefined ? `what was changed: holdfast net history ${supervisor.name}` : asBefore(supervisor, before),
    });
  }
  settleUndone(house, supervisor, revision, reason ?? 'it was asked for');
  return result;
}

function requirePending(house: House, supervisor: Supervisor): Revision {
  const pending = pendingOf(house, supervisor);
  if (pending === undefined) throw fail('not-found', `no change of ${supervisor.name}'s network waits for its confirmation`, { hint: `what was changed: holdfast net history ${supervisor.name}` });
  return pending;
}

const GRACE_MS = 2_000;
const ASK_MS = 60_000;
const ASK_AGAIN_MS = 15_000;

/** Sees to it that the record says how one ended that nobody decided about. What goes wrong over it is in the log, and it is tried again. */
export async function settlePending(house: House, supervisor: Supervisor): Promise<void> {
  const { machine, name } = supervisor;
  if (machine === undefined || machine.guest.hold.level !== 'held' || machine.isPaused) return;
  const again = (ms: number): void => void setTimeout(() => void settlePending(house, supervisor), ms).unref();
  try {
    const inMs = await settleOrWait(house, supervisor);
    if (inMs !== undefined) again(inMs);
  } catch (error) {
    // One that has ended is asked when it is started again, one that is paused when it goes on.
    if (supervisor.machine !== machine || machine.isPaused) return;
    again(ASK_AGAIN_MS);
    house.log.line('net-settle', name, `how a change of ${name}'s network ended could not be found out or written down: ${error instanceof Error ? error.message : String(error)}`, remedyForUnkept(error, `it is tried again; how it stands: holdfast net history ${name}`));
  }
}

/** @returns milliseconds to the next time; undefined when none is left open */
async function settleOrWait(house: House, supervisor: Supervisor): Promise<number | undefined> {
  const pending = pendingOf(house, supervisor);
  if (pending === undefined) return undefined;
  // Who is at work on its network settles it himself.
  if (supervisor.occupation?.kind.startsWith('net-')) return ASK_AGAIN_MS;
  const guest = await guestNetwork(supervisor, AbortSignal.timeout(ASK_MS));
  const leftMs = await settleByGuest(house, supervisor, pending, guest, AbortSignal.timeout(ASK_MS));
  return leftMs === undefined ? undefined : leftMs + GRACE_MS;
}
