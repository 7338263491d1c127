/** `local.<instance>.` and what may be changed of it: derived from the instances there are. */
import { fail } from '../../core/errors.ts';
import type { State } from '../../core/instance.ts';
import { requireLegal } from '../../core/lifecycle.ts';
import { BRIDGED } from '../../core/network/network-option.ts';
import { MINIMUM_BYTES, MOST_CPUS, parseSize, showSize } from '../../core/sizes.ts';
import type { House } from '../instances/house.ts';
import { attachCard } from '../network/plug.ts';
import type { Supervisor } from '../supervisor.ts';
import { badSetting } from './bad-setting.ts';
import { parseFlag } from './parse-flag.ts';

const KEYS = ['autostart', 'bridged', 'cpus', 'disk', 'memory'] as const;
const INSTANCE_KEY = new RegExp(`^local\\.([A-Za-z][A-Za-z0-9-]*)\\.(${KEYS.join('|')})$`);

interface InstanceKey {
  readonly supervisor: Supervisor;
  readonly what: string;
}

export function instanceKeys(instance: string): readonly string[] {
  return KEYS.map((what) => `local.${instance}.${what}`);
}

/** @throws unknown-setting */
export function instanceSetting(house: House, key: string): string {
  const { supervisor, what } = instanceKey(house, key);
  return shown(supervisor, what);
}

/** @param makeBridge  whoever asks has agreed to it  @throws unknown-setting, bad-setting, and what the change fails with */
export async function setInstanceSetting(house: House, key: string, value: string, makeBridge: boolean): Promise<void> {
  const { supervisor, what } = instanceKey(house, key);
  if (what === 'autostart') supervisor.respecify({ ...supervisor.record.instance.spec, autostart: flag(key, value) });
  else if (what === 'bridged') await bridge(house, supervisor, key, value, makeBridge);
  else await resize(house, supervisor, what, value, key);
}

function instanceKey(house: House, key: string): InstanceKey {
  const found = INSTANCE_KEY.exec(key);
  const supervisor = found && house.registry.find(found[1] ?? '');
  if (!found || !supervisor) throw fail('unknown-setting', `Unrecognized settings key: '${key}'`, { hint: 'see which there are: holdfast get --keys' });
  return { supervisor, what: found[2] ?? '' };
}

function shown({ record: { instance: { spec } } }: Supervisor, what: string): string {
  if (what === 'cpus') return String(spec.cpus);
  if (what === 'autostart' || what === 'bridged') return String(spec[what] ?? false);
  return showSize(what === 'memory' ? spec.memoryBytes : spec.diskBytes);
}

const RUNS: readonly State[] = ['Running', 'Delayed Shutdown'];

/** A card on what local.bridged-network says. It is there once for all. */
async function bridge(house: House, supervisor: Supervisor, key: string, value: string, makeBridge: boolean): Promise<void> {
  if (!flag(key, value)) throw badSetting(key, value, 'a card that was given is not taken back by this; see: holdfast net detach');
  if (supervisor.record.instance.spec.bridged) return;
  // With Multipass it must be stopped; here it may run, too.
  if (!RUNS.includes(supervisor.state)) requireLegal(supervisor.name, supervisor.state, supervisor.reason, 'modify');
  const { error } = await house.engine.ended((await attachCard(house, supervisor.name, { network: BRIDGED, makeBridge })).id);
  if (error) throw fail(error.code, error.message, { hint: error.hint ?? undefined });
  supervisor.respecify({ ...supervisor.record.instance.spec, bridged: true });
}

async function resize(house: House, supervisor: Supervisor, what: string, value: string, key: string): Promise<void> {
  requireLegal(supervisor.name, supervisor.state, supervisor.reason, 'modify');
  using _busy = supervisor.occupy({ operation: '', kind: 'set' });
  const { spec } = supervisor.record.instance;
  const changed = change(what, value, key, spec.diskBytes);
  await house.driver.modify({ ...supervisor.machineSpec, spec: { ...spec, ...changed } }, { signal: AbortSignal.timeout(60_000), progress: () => {} });
  // Whether it starts with the host may have been set meanwhile.
  supervisor.respecify({ ...supervisor.record.instance.spec, ...changed });
}

function change(what: string, value: string, key: string, diskBytes: number): Partial<Supervisor['record']['instance']['spec']> {
  if (what === 'cpus') {
    if (!/^[1-9]\d{0,8}$/.test(value) || Number(value) > MOST_CPUS) throw badSetting(key, value, `it must be a whole number from 1 to ${MOST_CPUS}`);
    return { cpus: Number(value) };
  }
  if (parseSize(value) === undefined) throw badSetting(key, value, 'it is no size; for example 2G');
  const least = MINIMUM_BYTES[what === 'memory' ? 'memory' : 'disk'];
  const bytes = parseSize(value) ?? 0;
  if (bytes < least) throw badSetting(key, value, `the minimum is ${showSize(least)}`);
  if (what === 'memory') return { memoryBytes: bytes };
  if (bytes < diskBytes) throw badSetting(key, value, `a disk can only grow, and this one has ${showSize(diskBytes)}`);
  return { diskBytes: bytes };
}

function flag(key: string, value: string): boolean {
  const on = parseFlag(value);
  if (on !== undefined) return on;
  throw badSetting(key, value, 'it must be true or false');
}
