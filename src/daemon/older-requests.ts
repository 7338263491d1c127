/** What an older daemon was asked for and has not done, in the form that operations have now. */
import { fail } from '../core/errors.ts';
import type { CloneRequest } from './instances/clone.ts';
import type { House } from './instances/house.ts';
import { deletedNow, type PurgeRequest } from './instances/purge.ts';
import type { Restoring, SnapshotRequest, Taking } from './instances/snapshots.ts';
import type { MountRequest, UnmountRequest } from './mounts/perform.ts';
import { clonedMounts, restoredMounts } from './mounts/whose.ts';
import type { Supervisor } from './supervisor.ts';

type Older<Request, Late extends keyof Request> = Omit<Request, Late> & Partial<Pick<Request, Late>>;

/** It meant all that is deleted. */
export function purgeOf(house: House, { ids }: Partial<PurgeRequest>): PurgeRequest {
  return { ids: ids ?? deletedNow(house) };
}

/** @param house  of who asked */
export function snapshotOf(house: House, { id, record }: Supervisor, request: Older<Taking, 'live'> | Older<Restoring, 'mounts'>): SnapshotRequest {
  if (!('snapshot' in request)) return { ...request, live: request.live ?? false };
  const then = house.snapshots.of(id).find((each) => each.id === request.snapshot)?.spec.mounts ?? [];
  // What is kept first does not run.
  const before = request.before && { ...request.before, live: false };
  return { ...request, before, mounts: request.mounts ?? restoredMounts(house, record.instance.spec.mounts ?? [], then) };
}

/** @param house  of who asked */
export function cloneOf(house: House, { record }: Supervisor, request: Older<CloneRequest, 'mounts'>): CloneRequest {
  return { ...request, mounts: request.mounts ?? clonedMounts(house, record.instance.spec.mounts ?? []) };
}

/** @throws cancelled  it was not written down what was to be mounted, or taken away */
export function mountOf(kind: string, request: object): MountRequest | UnmountRequest {
  if ('mount' in request || 'targets' in request) return request as MountRequest | UnmountRequest;
  throw fail('cancelled', `${kind} was interrupted when the daemon ended`, { hint: 'do it again' });
}
