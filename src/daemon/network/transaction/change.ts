/** From what a client asks to the operation that changes an instance's network: what is wrong is refused before anybody is asked. */
import { NETWORK_CHANGES, type WireNetworkChange } from '../../../api/network-schemas.ts';
import type { WireOperation } from '../../../api/schemas.ts';
import { fail } from '../../../core/errors.ts';
import { parseProbe, type Probe } from '../../../core/network/probe.ts';
import type { House } from '../../instances/house.ts';
import type { Result, Task } from '../../operations/engine.ts';
import { takeOut } from '../plug.ts';
import type { Supervisor } from '../../supervisor.ts';
import { settlePending } from './decide.ts';
import { prepare, type Prepared } from './prepare.ts';
import { pendingOf, settleByGuest } from './settle.ts';
import { guestNetwork, requireAnswering } from './situation.ts';
import { requireNonePending, transact } from './transact.ts';

export const NETWORK_KINDS = NETWORK_CHANGES.map((change) => `net-${change}` as const);

const CONFIRM_WITHIN_S = 60;
/** networkd may have to be restarted in it. */
const REPAIR_WITHIN_S = 90;
/** A guest that does not answer after a restart of the daemon decides by itself. */
const HELD_MS = 60_000;

/** @throws instance-not-found, wrong-state, instance-busy, transaction-armed, bad-argument, not-supported, not-found */
export async function changeNetwork(house: House, name: string, request: WireNetworkChange): Promise<WireOperation> {
  const supervisor = requireFree(house, name);
  const probes = (request.probes ?? []).map(parseProbe);
  requireProbable(supervisor, probes);
  const prepared = await prepare(house, supervisor, request);
  requireStill(house, supervisor);
  return house.engine.begin({
    kind: `net-${request.change}`, instanceName: name, instanceId: supervisor.id, request: { change: request.change, ...prepared.kept }, owner: house.owner,
    // What it leaves open, for want of a decision or of an answer, the guest ends by itself.
    body: (task) => carryOut(house, supervisor, request, prepared, probes, task).finally(() => void settlePending(house, supervisor)),
  });
}

/** @throws instance-not-found, wrong-state, transaction-armed, instance-busy */
function requireFree(house: House, name: string): Supervisor {
  const supervisor = house.registry.require(name);
  requireAnswering(supervisor);
  requireNonePending(house, supervisor);
  const busy = supervisor.occupation;
  if (busy) throw supervisor.busy(busy);
  return supervisor;
}

/** It may have been stopped, removed or taken up by another meanwhile. @throws as requireFree */
function requireStill(house: House, supervisor: Supervisor): void {
  if (requireFree(house, supervisor.name) !== supervisor) throw house.registry.missing(supervisor.name);
}

async function carryOut(house: House, supervisor: Supervisor, request: WireNetworkChange, { before, changes, undo }: Prepared, probes: readonly Probe[], task: Task): Promise<Result> {
  requireStill(house, supervisor);
  using _busy = supervisor.occupy({ operation: task.id, kind: `net-${request.change}` });
  try {
    await before?.(task);
    return await transact(house, supervisor, {
      command: `net ${request.change}`, confirmWithinMs: (request.confirmWithinSeconds ?? (request.change === 'repair' ? REPAIR_WITHIN_S : CONFIRM_WITHIN_S)) * 1000, probes,
      allowLockout: request.allowLockout ?? false, repair: request.change === 'repair', hold: request.hold ?? false,
    }, changes, task);
  } catch (error) {
    // One that could not be undone yet needs what was made for it.
    if (pendingOf(house, supervisor) === undefined) await undo?.(task);
    throw error;
  }
}

/** The host reaches guests over bridges only. @throws not-supported */
function requireProbable({ name, record }: Supervisor, probes: readonly Probe[]): void {
  const { network, cards = [] } = record.instance.spec;
  const first = probes.find(({ from }) => from === 'host');
  if (first === undefined || network !== undefined || cards.length > 0) return;
  throw fail('not-supported', `${first.text} cannot be tried: ${name} is behind QEMU's user network, where the host reaches no address of a guest`, {
    hint: `try it from the guest: ${first.text.slice('host:'.length)}`,
  });
}

/** As it is kept with the operation. */
export interface NetworkRequest {
  /** The slot of a card that was added for it. */
  readonly slot?: number;
}

/** What the next daemon does with one that was interrupted: the guest says what became of it, and what is armed still is undone. */
export async function resumeChange(house: House, supervisor: Supervisor, kind: string, { slot }: NetworkRequest, task: Task): Promise<Result> {
  using _busy = supervisor.occupy({ operation: task.id, kind });
  const { name } = supervisor;
  const revision = house.history.all(supervisor.id).find(({ transaction }) => transaction === task.id);
  if (revision === undefined && slot !== undefined) await takeOut(house, supervisor, slot);
  if (revision === undefined) throw fail('cancelled', `${kind} of ${name} was interrupted before anything was changed`, { hint: 'do it again' });
  if (revision.outcome === 'applied') {
    task.progress(`Asking ${name} what became of its network`);
    await supervisor.until(() => supervisor.machine === undefined || supervisor.machine.guest.hold.level === 'held', `${name} does not answer, so what became of the change of its network is not known yet`, HELD_MS, task.signal);
    const guest = await guestNetwork(supervisor, task.signal);
    await guest.rollBack(task.id, 'the daemon ended before it was confirmed', task.signal);
    await settleByGuest(house, supervisor, revision, guest, task.signal);
  }
  const settled = house.history.get(supervisor.id, revision.number);
  if (settled?.outcome !== 'committed' && slot !== undefined) await takeOut(house, supervisor, slot);
  if (settled?.outcome === 'committed') return { revision: String(revision.number), transaction: task.id };
  throw fail('rolled-back', `nothing was changed: ${name}'s network is as it was before: ${settled?.reason ?? 'the daemon ended before it was confirmed'}`, { hint: 'do it again' });
}
