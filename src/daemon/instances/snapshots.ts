/** Takes snapshots of an instance's disk and settings, goes back to them, deletes them. */
import { randomBytes } from 'node:crypto';
import type { WireOperation, WireSnapshot, WireSnapshotWish } from '../../api/schemas.ts';
import { fail } from '../../core/errors.ts';
import type { Mount } from '../../core/mounts/mount.ts';
import { refuseWithNative } from '../../core/mounts/native.ts';
import { nextSnapshotName, requireSnapshotName, restoredSpec, type Snapshot } from '../../core/snapshots.ts';
import { leftOut, restoredMounts } from '../mounts/whose.ts';
import { requireOpen } from '../network/networks.ts';
import { mutedUntilBoot, returningCards } from '../network/returning-cards.ts';
import type { Result, Task } from '../operations/engine.ts';
import type { Supervisor } from '../supervisor.ts';
import { viewOfMount } from '../view.ts';
import type { House } from './house.ts';

export const SNAPSHOT_STEPS = ['freeze', 'record'] as const;
export const RESTORE_STEPS = ['keep', 'revert', 'settle'] as const;
export const SNAPSHOT_KINDS = ['snapshot', 'restore'] as const;

/** As the operation has it, so that the next daemon makes the same one. */
export interface Taking {
  readonly id: string;
  readonly name: string;
  readonly comment: string;
  readonly live: boolean;
}

export interface Restoring {
  readonly snapshot: string;
  /** What is there now is kept as this first. */
  readonly before: Taking | null;
  /** That it has then: whoever asks has a say in that. */
  readonly mounts: readonly Mount[];
}

export type SnapshotRequest = Taking | Restoring;

/** @throws instance-not-found, wrong-state, snapshot-exists, bad-name, not-supported */
export function takeSnapshot(house: House, name: string, { name: wanted, comment = '', live = false }: WireSnapshotWish): WireOperation {
  const supervisor = live ? requireRunning(house, name) : requireStopped(house, name);
  if (live) refuseWithNative('kept with its memory', name, supervisor.record.instance.spec);
  const taking = { ...newTaking(house, supervisor, comment, wanted), live };
  return house.engine.begin({
    kind: 'snapshot', instanceName: name, instanceId: supervisor.id, request: taking, owner: house.owner,
    body: (task) => performSnapshots(house, supervisor, taking, task),
  });
}

/** @param destructive  what is there now is not kept  @throws as takeSnapshot, no-such-snapshot, no-rights */
export async function restoreSnapshot(house: House, name: string, snapshot: string, destructive: boolean): Promise<WireOperation> {
  await requireOpenAgain(house, requireStopped(house, name), snapshot);
  const supervisor = requireStopped(house, name);
  const { id, spec } = requireSnapshot(house, supervisor, snapshot);
  const mounts = restoredMounts(house, supervisor.record.instance.spec.mounts ?? [], spec.mounts ?? []);
  const request: Restoring = { snapshot: id, before: destructive ? null : newTaking(house, supervisor, `Before restoring ${snapshot}`), mounts };
  return house.engine.begin({
    kind: 'restore', instanceName: name, instanceId: supervisor.id, request, owner: house.owner,
    body: (task) => performSnapshots(house, supervisor, request, task),
  });
}

/** Cards come back on networks only that whoever asks could put one on now. @throws no-such-snapshot, no-rights */
async function requireOpenAgain(house: House, supervisor: Supervisor, snapshot: string): Promise<void> {
  const { cards: now = [] } = supervisor.record.instance.spec;
  for (const { network } of requireSnapshot(house, supervisor, snapshot).spec.cards ?? []) {
    if (network !== null && !now.some((card) => card.network === network)) await requireOpen(house, network, network);
  }
}

/** Whatever lies on what it holds stays. @throws instance-deleted, no-such-snapshot */
export async function deleteSnapshot(house: House, name: string, snapshot: string): Promise<void> {
  const supervisor = house.registry.require(name);
  if (supervisor.state === 'Deleted') throw fail('instance-deleted', `Cannot delete a snapshot of ${name}: it is deleted itself`, { hint: `bring it back first: holdfast recover ${name}` });
  const { id } = requireSnapshot(house, supervisor, snapshot);
  if (supervisor.occupation) throw supervisor.busy(supervisor.occupation);
  house.snapshots.remove(supervisor.id, id);
  await sweepLayers(house);
}

/** Also for what an earlier daemon left: each step done again comes to the same. */
export async function performSnapshots(house: House, supervisor: Supervisor, request: SnapshotRequest, task: Task): Promise<Result> {
  using _busy = supervisor.occupy({ operation: task.id, kind: 'snapshot' in request ? 'restore' : 'snapshot' });
  if ('snapshot' in request) return await restore(house, supervisor, request, task);
  task.step('freeze');
  task.progress(`Taking a snapshot of ${supervisor.name}`);
  await take(house, supervisor, request, task);
  return { snapshot: request.name };
}

async function restore(house: House, supervisor: Supervisor, { snapshot: id, before, mounts }: Restoring, task: Task): Promise<Result> {
  const { snapshots, driver } = house;
  const snapshot = snapshots.of(supervisor.id).find((each) => each.id === id);
  if (!snapshot) throw fail('no-such-snapshot', `the snapshot that ${supervisor.name} was to go back to has been deleted`);
  const returning = await returningCards(house, supervisor, snapshot.spec);
  // What cannot be had is known before anything is changed.
  returning();
  task.step('keep');
  if (before) await take(house, supervisor, before, task);
  task.step('revert');
  task.progress(`Restoring ${supervisor.name} to ${snapshot.name}`);
  leftOut(snapshot.spec.mounts ?? [], mounts, task);
  const reverted = await driver.revert?.(supervisor.machineSpec, id, task);
  task.step('settle');
  const returned = returning();
  supervisor.respecify(restoredSpec(supervisor.record.instance.spec, returned.spec, mounts));
  for (const notice of [...returned.notices, ...(reverted?.suspended ? mutedUntilBoot(supervisor.name, returned) : [])]) task.notice(notice);
  snapshots.setHead(supervisor.id, id);
  supervisor.settle(reverted?.suspended ? 'Suspended' : 'Stopped');
  await sweepLayers(house);
  return { snapshot: snapshot.name, ...(before ? { before: before.name } : {}) };
}

async function take({ snapshots, driver }: House, supervisor: Supervisor, { id, name, comment, live }: Taking, task: Task): Promise<void> {
  if (snapshots.of(supervisor.id).some((each) => each.id === id)) return;
  refuseTaken(snapshots.of(supervisor.id), supervisor.name, name);
  if (live) await driver.freezeLive?.(supervisor.machineSpec, id, task).catch((error: unknown) => {
    task.signal.throwIfAborted();
    throw error;
  });
  else await driver.freeze?.(supervisor.machineSpec, id, task);
  task.step('record');
  snapshots.add(supervisor.id, { id, name, comment, parent: snapshots.headOf(supervisor.id), live, createdAt: new Date().toISOString(), spec: supervisor.record.instance.spec });
}

function newTaking({ snapshots }: House, supervisor: Supervisor, comment: string, wanted?: string): Taking {
  const name = wanted === undefined ? nextSnapshotName(snapshots.takenOf(supervisor.id), new Set(snapshots.of(supervisor.id).map((each) => each.name))) : requireSnapshotName(wanted);
  refuseTaken(snapshots.of(supervisor.id), supervisor.name, name);
  return { id: randomBytes(8).toString('hex'), name, comment, live: false };
}

/** @throws snapshot-exists */
export function refuseTaken(snapshots: readonly Snapshot[], instance: string, name: string): void {
  if (snapshots.some((each) => each.name === name)) throw fail('snapshot-exists', `Snapshot already exists: ${instance}.${name}`);
}

/** @throws no-such-snapshot */
export function requireSnapshot({ snapshots }: House, { id, name }: Supervisor, snapshot: string): Snapshot {
  const found = snapshots.of(id).find((each) => each.name === snapshot);
  if (!found) throw fail('no-such-snapshot', `No such snapshot: ${name}.${snapshot}`, { hint: 'see which there are: holdfast list --snapshots' });
  return found;
}

/** @throws wrong-state, instance-busy, not-supported */
function requireRunning(house: House, name: string): Supervisor {
  const supervisor = requireFree(house, name);
  if (house.driver.freezeLive === undefined) throw fail('not-supported', `the driver ${house.driver.name} takes no snapshots of what runs`);
  if (supervisor.state !== 'Running') {
    throw fail('wrong-state', `A snapshot with the memory can only be taken of a running instance: ${name} is ${supervisor.state}`, { hint: supervisor.state === 'Stopped' ? `without --live there is one of it as it is: holdfast snapshot ${name}` : `see: holdfast info ${name}` });
  }
  return supervisor;
}

function requireFree(house: House, name: string): Supervisor {
  const supervisor = house.registry.require(name);
  if (!house.driver.abilities.snapshot) throw fail('not-supported', `the driver ${house.driver.name} takes no snapshots`);
  if (supervisor.occupation) throw supervisor.busy(supervisor.occupation);
  return supervisor;
}

function requireStopped(house: House, name: string): Supervisor {
  const supervisor = requireFree(house, name);
  if (supervisor.state !== 'Stopped') {
    throw fail('wrong-state', 'Holdfast can only take/restore snapshots of stopped instances.', { hint: `${name} is ${supervisor.state}; stop it first: holdfast stop ${name}; or take one while it runs: holdfast snapshot --live ${name}` });
  }
  return supervisor;
}

/** Frees what no snapshot and no machine needs any more. What cannot be freed now is freed another time. */
export async function sweepLayers({ driver, snapshots, log }: House): Promise<void> {
  await driver.sweepLayers?.(snapshots.ids()).catch((error: unknown) => {
    log.line('sweep', null, `what deleted snapshots took cannot be freed: ${error instanceof Error ? error.message : String(error)}`, 'the next one that is deleted tries again');
  });
}

export function listSnapshots({ registry, snapshots }: House): WireSnapshot[] {
  return registry.all.flatMap((supervisor) => {
    const all = snapshots.of(supervisor.id);
    const nameOf = (id: string | null) => all.find((each) => each.id === id)?.name ?? null;
    return all.map(({ id, name, comment, parent, createdAt, spec, live }) => ({
      instance: supervisor.name, name, comment, parent: nameOf(parent), children: all.filter((each) => each.parent === id).map((each) => each.name),
      createdAt, cpus: spec.cpus, memoryBytes: spec.memoryBytes, diskBytes: spec.diskBytes, live,
      ...(spec.mounts === undefined ? {} : { mounts: spec.mounts.map(viewOfMount) }),
    }));
  });
}
