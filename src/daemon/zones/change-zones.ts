/**
 * Zones are made unavailable, as if their power had gone, and available again. What ran stays wanted meanwhile, so that it
 * comes back with its zone, whichever daemon that is.
 */
import type { WireOperation, WireZone, WireZoneChange } from '../../api/schemas.ts';
import { USER_NETWORK } from '../../core/subnets.ts';
import { ZONES } from '../../core/zones.ts';
import { INTERRUPTIBLE } from '../instances/actions.ts';
import { comeBack } from '../instances/come-back.ts';
import type { House } from '../instances/house.ts';
import { cutShort, isSave } from '../instances/cut-short.ts';
import { clearAway } from '../instances/start.ts';
import type { Result, Task } from '../operations/engine.ts';
import type { Occupation, Supervisor } from '../supervisor.ts';
import { requireZone } from './zone-for.ts';

export const ZONE_STEPS = ['mark', 'halt'] as const;
export const ZONE_KIND = 'zones';

/** Most memories are saved in seconds; what takes longer may hang. */
const SAVE_MS = 60_000;

/** Each has a subnet of its own, or all share QEMU's user network. */
export async function listZones({ network, zones }: House): Promise<WireZone[]> {
  const own = network !== undefined && await network.whyNot() === undefined ? network : undefined;
  return await Promise.all(ZONES.map(async (name) => ({ name, available: zones.isAvailable(name), subnet: await own?.subnet(name) ?? USER_NETWORK })));
}

/** @throws not-found */
export function changeZones(house: House, { zones, available }: WireZoneChange): WireOperation {
  const names = [...new Set(zones.map(requireZone))];
  return house.engine.begin({
    kind: ZONE_KIND, instanceName: null, instanceId: null, request: { zones: names, available }, owner: house.owner,
    body: (task) => performZones(house, { zones: names, available }, task),
  });
}

/** Done again by the next daemon it comes to the same. */
export async function performZones(house: House, { zones, available }: WireZoneChange, task: Task): Promise<Result> {
  task.step('mark');
  const within = house.registry.everybodys.filter(({ record }) => zones.includes(record.instance.zone));
  for (const zone of zones) house.zones.set(zone, available);
  for (const supervisor of within) supervisor.zoneChanged();
  if (available) {
    task.progress(`Starting what ran in ${zones.join(', ')}`);
    for (const why of await comeBack(house, 'its zone\'s return', task.signal)) task.notice(why);
    return {};
  }
  task.step('halt');
  task.progress(`Halting what runs in ${zones.join(', ')}`);
  const halted = await Promise.allSettled(within.map((supervisor) => powerCut(house, supervisor, task)));
  const failed = halted.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
  return {};
}

/** A start or a doctor at work is called off (what was to be started stays wanted); a stop is waited for, a save for a minute. */
async function powerCut(house: House, supervisor: Supervisor, task: Task): Promise<void> {
  const ran = supervisor.record.wanted.running;
  const why = `its zone, ${supervisor.record.instance.zone}, is not available any more`;
  for (let other = supervisor.occupation; other; other = supervisor.occupation) {
    if (INTERRUPTIBLE.includes(other.kind) && other.kind !== 'stop') {
      // A launch that is called off removes what is wanted to run.
      supervisor.want({ running: false });
      await house.engine.cancel(other.operation, why);
      if (house.registry.byId(supervisor.id) === supervisor) supervisor.want({ running: ran });
    } else {
      other.callOff?.(why);
      if (isSave(other, supervisor)) await untilSaved(house, supervisor, other, why, task.signal);
      else await supervisor.untilOver(other, task.signal);
    }
    task.signal.throwIfAborted();
  }
  if (house.registry.byId(supervisor.id) !== supervisor || !supervisor.machine) return;
  using _busy = supervisor.occupy({ operation: task.id, kind: ZONE_KIND });
  await clearAway(house, supervisor);
  if (supervisor.observed !== 'Crashed' && supervisor.observed !== 'Deleted') supervisor.settle('Stopped');
}

async function untilSaved(house: House, supervisor: Supervisor, save: Occupation, why: string, signal: AbortSignal): Promise<void> {
  const isOver = await supervisor.until(() => supervisor.occupation !== save, '', SAVE_MS, signal).then(() => true, () => false);
  signal.throwIfAborted();
  if (!isOver) await cutShort(house.engine, supervisor, save, why);
}
