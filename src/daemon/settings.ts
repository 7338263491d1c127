/** Settings as a table: key, default, rule. Instance settings are derived from the instances there are. */
import type { WireSetting } from '../api/schemas.ts';
import { fail } from '../core/errors.ts';
import { requireLegal } from '../core/lifecycle.ts';
import { isInstanceName } from '../core/names.ts';
import { MINIMUM_BYTES, parseSize, showSize } from '../core/sizes.ts';
import type { SettingStore } from '../store/settings.ts';
import type { House } from './instances/house.ts';
import type { Supervisor } from './supervisor.ts';

interface Rule {
  readonly initial: string;
  /** @returns why the value will not do, or undefined */
  readonly refuse: (value: string, house: House) => string | undefined;
}

const RULES: Readonly<Record<string, Rule>> = {
  'client.primary-name': {
    initial: 'primary',
    refuse: (value) => (value === '' || isInstanceName(value) ? undefined : 'it must be a valid instance name, or empty to have no primary instance'),
  },
  'local.driver': {
    initial: 'qemu',
    refuse: (value, house) => (value === house.driver.name ? undefined : `this host has the driver ${house.driver.name} only`),
  },
  'local.templates': {
    initial: 'true',
    refuse: (value) => (value === 'true' || value === 'false' ? undefined : 'it must be true or false'),
  },
};

const INSTANCE_KEY = /^local\.([A-Za-z][A-Za-z0-9-]*)\.(cpus|memory|disk)$/;

export interface Settings {
  all(): WireSetting[];
  get(key: string): WireSetting;
  set(key: string, value: string): Promise<WireSetting>;
}

export function makeSettings(store: SettingStore, house: House): Settings {
  const get = (key: string): WireSetting => {
    const rule = RULES[key];
    if (rule) return { key, value: store.get(key) ?? rule.initial };
    const { supervisor, what } = instanceKey(house, key);
    return { key, value: shown(supervisor, what) };
  };
  return {
    get,
    all: () => [
      ...Object.keys(RULES),
      ...house.registry.all.flatMap(({ name }) => ['cpus', 'disk', 'memory'].map((what) => `local.${name}.${what}`)),
    ].toSorted().map(get),
    async set(key, value) {
      const rule = RULES[key];
      if (!rule) {
        const { supervisor, what } = instanceKey(house, key);
        await resize(house, supervisor, what, value, key);
        return get(key);
      }
      const why = rule.refuse(value, house);
      if (why !== undefined) throw invalid(key, value, why);
      store.set(key, value);
      return get(key);
    },
  };
}

function instanceKey(house: House, key: string): { supervisor: Supervisor; what: string } {
  const found = INSTANCE_KEY.exec(key);
  const supervisor = found && house.registry.find(found[1] ?? '');
  if (!found || !supervisor) throw fail('unknown-setting', `Unrecognized settings key: '${key}'`, { hint: 'see which there are: holdfast get --keys' });
  return { supervisor, what: found[2] ?? '' };
}

function shown({ record: { instance: { spec } } }: Supervisor, what: string): string {
  if (what === 'cpus') return String(spec.cpus);
  return showSize(what === 'memory' ? spec.memoryBytes : spec.diskBytes);
}

async function resize(house: House, supervisor: Supervisor, what: string, value: string, key: string): Promise<void> {
  requireLegal(supervisor.name, supervisor.state, supervisor.reason, 'modify');
  using _busy = supervisor.occupy({ operation: '', kind: 'set' });
  const { spec } = supervisor.record.instance;
  const changed = { ...spec, ...change(what, value, key, spec.diskBytes) };
  await house.driver.modify({ ...supervisor.machineSpec, spec: changed }, { signal: AbortSignal.timeout(60_000), progress: () => {} });
  supervisor.respecify(changed);
}

function change(what: string, value: string, key: string, diskBytes: number): Partial<Supervisor['record']['instance']['spec']> {
  if (what === 'cpus') {
    if (!/^[1-9]\d{0,2}$/.test(value)) throw invalid(key, value, 'it must be a whole number from 1');
    return { cpus: Number(value) };
  }
  if (parseSize(value) === undefined) throw invalid(key, value, 'it is no size; for example 2G');
  const least = MINIMUM_BYTES[what === 'memory' ? 'memory' : 'disk'];
  const bytes = parseSize(value) ?? 0;
  if (bytes < least) throw invalid(key, value, `the minimum is ${showSize(least)}`);
  if (what === 'memory') return { memoryBytes: bytes };
  if (bytes < diskBytes) throw invalid(key, value, `a disk can only grow, and this one has ${showSize(diskBytes)}`);
  return { diskBytes: bytes };
}

function invalid(key: string, value: string, why: string): Error {
  return fail('bad-setting', `Invalid setting '${key}=${value.slice(0, 200)}': ${why}`);
}
