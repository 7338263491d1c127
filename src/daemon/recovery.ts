/**
 * What a daemon does first: takes over the machines that run, clears away what no record claims, and finishes or undoes
 * the operations that its predecessor left.
 */
import type { WireAction, WireZoneChange } from '../api/schemas.ts';
import { fail } from '../core/errors.ts';
import type { OperationRow, OperationStore } from '../store/operations.ts';
import { adopt, adopted, AT_REST } from './instances/adopt.ts';
import { wantAutostarted } from './instances/come-back.ts';
import { CLONE_KIND, performClone, type CloneRequest } from './instances/clone.ts';
import { perform } from './instances/actions.ts';
import { houseOf } from './callers.ts';
import type { House } from './instances/house.ts';
import { resumeLaunch } from './instances/launch.ts';
import { performPurge, PURGE_KIND, type PurgeRequest } from './instances/purge.ts';
import { performSnapshots, SNAPSHOT_KINDS, sweepLayers, type SnapshotRequest } from './instances/snapshots.ts';
import { MOUNT_KINDS, performMounts } from './mounts/perform.ts';
import { CARD_KINDS, changeCards, type CardChange } from './network/plug.ts';
import { DECISION_KINDS, carryOut } from './network/transaction/decide.ts';
import { NETWORK_KINDS, resumeChange, type NetworkRequest } from './network/transaction/change.ts';
import { cloneOf, mountOf, purgeOf, snapshotOf } from './older-requests.ts';
import type { Result, Task } from './operations/engine.ts';
import { Supervisor } from './supervisor.ts';
import { performZones, ZONE_KIND } from './zones/change-zones.ts';

const PATIENCE_MS = 3_000;

/** These bring their instance to a state, whatever becomes of its machine. All others leave the state alone: it is what is seen of the machine. */
const SETTLING: readonly string[] = ['launch', 'start', 'stop', 'restart', 'delete'];

/** @param hostRestarted  since the last daemon */
export async function takeOver(house: House, operations: OperationStore, hostRestarted: boolean): Promise<void> {
  for (const record of house.store.all()) house.registry.add(new Supervisor(record, house));
  const unfinished = operations.unfinished();
  const settled = new Set(unfinished.filter(({ kind }) => SETTLING.includes(kind)).map(({ instance }) => instance));
  await Promise.all(house.registry.all.map((supervisor) => takeOverOne(house, supervisor, settled.has(supervisor.id), hostRestarted)));
  if (hostRestarted) wantAutostarted(house, settled);
  await clearUnclaimed(house);
  await sweepLayers(house);
  resumeAll(house, unfinished, hostRestarted);
}

/** A machine that does not answer keeps nobody waiting: the daemon serves, and goes on with that one beside it. */
async function takeOverOne(house: House, supervisor: Supervisor, isSettled: boolean, hostRestarted: boolean): Promise<void> {
  const { observed, reason } = supervisor;
  let isLate = false;
  const taken = adopt(house, supervisor, isSettled, hostRestarted).then(() => {
    // Its operation, which has waited for this, begins where it was left.
    if (isLate && isSettled && supervisor.observed === 'Unknown') supervisor.settle(observed, reason);
  }, (error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    if (!AT_REST.has(observed)) supervisor.settle('Unknown', `it could not be taken over: ${why}`);
    house.log.line('adopt', supervisor.name, `${supervisor.name} could not be taken over: ${why}`, `any command that needs it tries again; to give it up: holdfast stop --force ${supervisor.name}`);
  });
  const { promise: over, resolve } = Promise.withResolvers<'over'>();
  const patience = setTimeout(resolve, PATIENCE_MS, 'over');
  isLate = await Promise.race([taken, over]) === 'over';
  if (isLate && !AT_REST.has(observed)) supervisor.settle('Unknown', 'it is still being taken over: its machine does not answer');
  clearTimeout(patience);
}

/** Files and machines without a record: a launch or a removal that was cut off between the two. */
async function clearUnclaimed(house: House): Promise<void> {
  for (const id of await house.driver.traces()) {
    if (house.registry.byId(id)) continue;
    try {
      await house.driver.remove(id);
      house.log.line('leftover', null, `cleared away what an interrupted operation left of instance ${id}`);
    } catch (error) {
      // Rubbish that stays is no reason to serve nobody.
      house.log.line('leftover', null, `what an interrupted operation left of instance ${id} cannot be cleared away: ${error instanceof Error ? error.message : String(error)}`, 'the next daemon tries again');
    }
  }
}

/** Where several work on one instance, the last is what was wanted: it had set out to call off the ones before it, and they are called off first. */
function resumeAll(house: House, rows: readonly OperationRow[], hostRestarted: boolean): void {
  const before = new Map<string, OperationRow>();
  for (const row of rows) {
    const earlier = row.instance === null ? undefined : before.get(row.instance);
    if (row.instance !== null) before.set(row.instance, row);
    house.engine.resume(row, async (task) => {
      if (earlier) await house.engine.cancel(earlier.id, `it was interrupted, and ${row.kind} was asked for after it`);
      return await resumed(house, row, hostRestarted, task);
    });
  }
}

async function resumed(house: House, row: OperationRow, hostRestarted: boolean, task: Task): Promise<Result> {
  const supervisor = row.instance === null ? undefined : house.registry.byId(row.instance);
  const request = JSON.parse(row.request) as WireAction & { timeoutSeconds?: number };
  // As whoever asked sees the house: what an older request left open is decided by that.
  const whose = row.owner === null ? house : houseOf(house, row.owner);
  if (row.kind === PURGE_KIND) return await performPurge(whose, purgeOf(whose, JSON.parse(row.request) as Partial<PurgeRequest>), task);
  if (row.kind === ZONE_KIND) return await performZones(house, JSON.parse(row.request) as WireZoneChange, task);
  if (!supervisor) {
    if (row.kind === 'delete') return {};
    throw fail('cancelled', `${row.kind} was interrupted when the daemon ended, and was undone`, { hint: 'do it again' });
  }
  await adopted(supervisor);
  if (row.kind === 'launch') return await resumeLaunch(house, supervisor, { step: row.step, request, hostRestarted }, task);
  if (CARD_KINDS.some((kind) => kind === row.kind)) return await changeCards(house, supervisor, row.kind, request as CardChange, task);
  if (NETWORK_KINDS.some((kind) => kind === row.kind)) return await resumeChange(house, supervisor, row.kind, request as NetworkRequest, task);
  if (row.kind === CLONE_KIND) return await performClone(whose, supervisor, cloneOf(whose, supervisor, JSON.parse(row.request) as CloneRequest), task);
  if (SNAPSHOT_KINDS.some((kind) => kind === row.kind)) return await performSnapshots(house, supervisor, snapshotOf(whose, supervisor, JSON.parse(row.request) as SnapshotRequest), task);
  if (MOUNT_KINDS.some((kind) => kind === row.kind)) return await performMounts(house, supervisor, mountOf(row.kind, JSON.parse(row.request) as object), task);
  if (DECISION_KINDS.some((kind) => kind === row.kind)) return await carryOut(house, supervisor, row.kind === DECISION_KINDS[0], task);
  // An action that had not begun is as if it had not been asked for, except that a client may be waiting for it: do it.
  return await perform(house, supervisor, request, task);
}
