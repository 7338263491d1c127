/** Removes an instance and every trace of it, in the order in which an interruption can be taken up again. */
import type { Supervisor } from '../supervisor.ts';
import { giveUpBridges } from '../network/host-bridges.ts';
import type { House } from './house.ts';
import { sweepLayers } from './snapshots.ts';

/** Machine and files first, the record last: what has no record any more has no files either. */
export async function removeForGood(house: House, supervisor: Supervisor): Promise<void> {
  supervisor.expectEnd();
  await supervisor.machine?.kill();
  await supervisor.detach();
  await house.driver.remove(supervisor.id, supervisor.name);
  house.store.remove(supervisor.id);
  house.snapshots.forget(supervisor.id);
  house.registry.delete(supervisor.id);
  // Its taps first: a bridge that they are on is used.
  await house.network?.detach(supervisor.id);
  await giveUpBridges(house);
  await sweepLayers(house);
  house.events.publish({ type: 'instance-state', instance: supervisor.name, state: 'Deleted', reason: 'it was removed for good' }, supervisor.owner);
}
