/** For each kind of change: what is checked before it begins, what is made for it, and which files it comes to. */
import type { NETWORK_CHANGES, WireNetworkChange } from '../../../api/network-schemas.ts';
import { fail } from '../../../core/errors.ts';
import type { House } from '../../instances/house.ts';
import type { Task } from '../../operations/engine.ts';
import type { Supervisor } from '../../supervisor.ts';
import type { FileChanges } from './guest-network.ts';
import { pinning, unpinning } from './pin.ts';
import { changesOf, judge, requireCards } from './plan.ts';
import { repairing } from './repair.ts';
import { restoring } from './restore.ts';
import { preparingStatic } from './static.ts';
import type { Situation } from './situation.ts';

export interface Prepared {
  /** Kept with the operation: what the next daemon must know to clear up after an interrupted one. */
  readonly kept?: Readonly<Record<string, unknown>>;
  /** Comes first; it says by `task.step` where it is. */
  readonly before?: (task: Task) => Promise<void>;
  /** Takes back what `before` did, when the change did not come to stay. */
  readonly undo?: (task: Task) => Promise<void>;
  readonly changes: (stands: Situation) => FileChanges;
}

type Prepare = (house: House, supervisor: Supervisor, request: WireNetworkChange) => Prepared | Promise<Prepared>;

const PREPARE: Readonly<Record<(typeof NETWORK_CHANGES)[number], Prepare>> = {
  apply(_house, { name }, { file, text, replace }) {
    if (file === undefined || text === undefined) throw fail('bad-argument', 'there is no file to apply');
    return {
      changes(stands) {
        const changes = changesOf({ file, text, ...(replace === undefined ? {} : { replace }) }, stands.look.files);
        requireCards(name, judge(stands, changes), changes, stands);
        return changes;
      },
    };
  },
  static: preparingStatic,
  pin: (_house, supervisor) => ({ changes: pinning(supervisor) }),
  unpin: (_house, supervisor) => ({ changes: unpinning(supervisor) }),
  repair: (house, supervisor) => ({ changes: repairing(supervisor.record.instance, house.history.all(supervisor.id)[0]) }),
  restore: (house, supervisor, { revision }) => ({ changes: restoring(house, supervisor, revision) }),
};

/** @throws bad-argument, not-found, not-supported */
export async function prepare(house: House, supervisor: Supervisor, request: WireNetworkChange): Promise<Prepared> {
  return await PREPARE[request.change](house, supervisor, request);
}
