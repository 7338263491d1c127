/** Removes for good what is deleted: what is when it is asked for, and nothing that is deleted after. */
import type { WireOperation } from '../../api/schemas.ts';
import type { Result, Task } from '../operations/engine.ts';
import type { House } from './house.ts';
import { removeForGood } from './remove.ts';

export const PURGE_KIND = 'purge';

/** As the operation has it. */
export interface PurgeRequest {
  readonly ids: readonly string[];
}

export function purge(house: House): WireOperation {
  const request: PurgeRequest = { ids: deletedNow(house) };
  return house.engine.begin({
    kind: PURGE_KIND, instanceName: null, instanceId: null, request, owner: house.owner, body: (task) => performPurge(house, request, task),
  });
}

export function deletedNow({ registry }: House): string[] {
  return registry.all.filter(({ state }) => state === 'Deleted').map(({ id }) => id);
}

/** Done again by the next daemon it comes to the same. */
export async function performPurge(house: House, { ids }: PurgeRequest, task: Task): Promise<Result> {
  for (const id of ids) {
    const supervisor = house.registry.byId(id);
    // One that is being recovered, or removed, is somebody else's.
    if (supervisor?.state !== 'Deleted' || supervisor.occupation) continue;
    task.step('remove');
    task.progress(`Removing ${supervisor.name}`);
    using _busy = supervisor.occupy({ operation: task.id, kind: PURGE_KIND });
    await removeForGood(house, supervisor);
  }
  return {};
}
