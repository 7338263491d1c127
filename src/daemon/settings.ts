/** Settings as a table: key, default, rule. Instance settings are derived from the instances there are. */
import type { WireSetting, WireSettingWish } from '../api/schemas.ts';
import { fail } from '../core/errors.ts';
import { requireLegal } from '../core/lifecycle.ts';
import { isInstanceName } from '../core/names.ts';
import { parseTcp } from '../core/server-address.ts';
import { REMOTE_NAMES, refuseAddress, remoteOf, withSlash } from '../core/catalogue/remotes.ts';
import { MINIMUM_BYTES, parseSize, showSize } from '../core/sizes.ts';
import { BRIDGED } from '../core/network/network-option.ts';
import { NETWORK_WISHES } from './network/choose.ts';
import type { House } from './instances/house.ts';
import { hashPassphrase } from '../host/passphrase.ts';
import { attachCard } from './network/plug.ts';
import { describeSnapshot, snapshotKey, snapshotKeys } from './snapshot-settings.ts';
import type { Supervisor } from './supervisor.ts';
import { parseFlag } from './parse-flag.ts';
import { AUTO, bufferAsKept, refuseBuffer, TRANSLATION_BUFFER_KEY } from './translation-buffer.ts';

interface Rule {
  readonly initial: string;
  /** Everybody has his own; of the others there is one for all. */
  readonly personal?: true;
  /** @returns why the value will not do, or undefined */
  readonly refuse: (value: string, house: House) => string | undefined;
  /** As it is kept and shown. */
  readonly asKept?: (value: string) => string | Promise<string>;
  /** What it takes to make it so, before it is kept. */
  readonly apply?: (value: string, house: House) => Promise<void>;
  /** Of what is kept, where that is not for everybody's eyes. */
  readonly show?: (kept: string) => string;
}

const FLAG: Rule = {
  initial: 'true',
  refuse: (value) => (parseFlag(value) === undefined ? 'it must be true or false' : undefined),
  asKept: (value) => String(parseFlag(value)),
};

/** Where the daemon listens on TCP: host:port, or empty for nowhere. */
export const ADDRESS_KEY = 'local.address';
export const PASSPHRASE_KEY = 'local.passphrase';

const RULES: Readonly<Record<string, Rule>> = {
  'client.primary-name': {
    initial: 'primary',
    personal: true,
    refuse: (value) => (value === '' || isInstanceName(value) ? undefined : 'it must be a valid instance name, or empty to have no primary instance'),
  },
  [ADDRESS_KEY]: {
    initial: '',
    refuse: (value) => (value === '' || parseTcp(value) ? undefined : 'it must be host:port or [ipv6]:port, with 0.0.0.0 or [::] for all of this host\'s, or empty not to listen'),
    apply: async (value, house) => await house.listenAt?.(parseTcp(value)),
  },
  'local.driver': {
    initial: 'qemu',
    refuse: (value, house) => (value === house.driver.name ? undefined : `this host has the driver ${house.driver.name} only`),
  },
  'local.bridged-network': {
    initial: '',
    // As in Multipass: looked at when it is used.
    refuse: () => undefined,
  },
  'local.image.mirror': {
    initial: '',
    refuse: (value) => (value === '' ? undefined : refuseAddress(value)),
    asKept: (value) => (value === '' ? '' : withSlash(value)),
  },
  'local.image.keys': {
    initial: '',
    refuse: (value) => (value === '' || value.startsWith('/') ? undefined : 'it must be the absolute path of a file of OpenPGP keys, or empty for those that Holdfast brings'),
  },
  ...Object.fromEntries(REMOTE_NAMES.map((name): [string, Rule] => [`local.image.remote.${name}`, {
    initial: remoteOf(name).address,
    refuse: (value) => (value === '' ? undefined : refuseAddress(value)),
    asKept: (value) => (value === '' || remoteOf(name).kind === 'manifest' ? value : withSlash(value)),
  }])),
  'local.network': {
    initial: 'auto',
    refuse: (value) => (NETWORK_WISHES.some((known) => known === value) ? undefined : `it must be one of: ${NETWORK_WISHES.join(', ')}`),
  },
  [PASSPHRASE_KEY]: {
    initial: '',
    refuse: () => undefined,
    asKept: (value) => (value === '' ? '' : hashPassphrase(value)),
    show: (kept) => String(kept !== ''),
  },
  'local.privileged-mounts': FLAG,
  'local.templates': FLAG,
  [TRANSLATION_BUFFER_KEY]: { initial: AUTO, refuse: refuseBuffer, asKept: bufferAsKept },
};

const INSTANCE_KEY = /^local\.([A-Za-z][A-Za-z0-9-]*)\.(autostart|bridged|cpus|memory|disk)$/;

export interface Settings {
  all(): WireSetting[];
  get(key: string): WireSetting;
  set(key: string, wish: WireSettingWish): Promise<WireSetting>;
}

/** @param user  who is not the daemon's own: what is for all he may read, and is refused to change */
export function makeSettings(house: House, user?: { readonly id: string; readonly refuse: () => Error }): Settings {
  const store = house.settings;
  const ruleOf = (key: string) => (Object.hasOwn(RULES, key) ? RULES[key] : undefined);
  const keyOf = (key: string): string => (user && ruleOf(key)?.personal ? `${key}@${user.id}` : key);
  const get = (key: string): WireSetting => {
    const rule = ruleOf(key);
    if (rule) {
      const kept = store.get(keyOf(key)) ?? rule.initial;
      return { key, value: rule.show?.(kept) ?? kept };
    }
    const snapshot = snapshotKey(house, key);
    if (snapshot) return { key, value: snapshot.found[snapshot.what] };
    const { supervisor, what } = instanceKey(house, key);
    return { key, value: shown(supervisor, what) };
  };
  return {
    get,
    all: () => [
      ...Object.keys(RULES),
      ...house.registry.all.flatMap(({ id, name }) => [
        ...['autostart', 'bridged', 'cpus', 'disk', 'memory'].map((what) => `local.${name}.${what}`),
        ...snapshotKeys(house, id, name),
      ]),
    ].toSorted().map(get),
    async set(key, { value, makeBridge }) {
      const rule = ruleOf(key);
      const snapshot = rule ? undefined : snapshotKey(house, key);
      if (snapshot) {
        return get(describeSnapshot(house, snapshot, key, value));
      }
      if (!rule) {
        const { supervisor, what } = instanceKey(house, key);
        if (what === 'autostart') supervisor.respecify({ ...supervisor.record.instance.spec, autostart: flag(key, value) });
        else if (what === 'bridged') await bridge(house, supervisor, key, value, makeBridge ?? false);
        else await resize(house, supervisor, what, value, key);
        return get(key);
      }
      const why = rule.refuse(value, house);
      if (why !== undefined) throw invalid(key, value, why);
      if (user && !rule.personal) throw user.refuse();
      const before = store.get(keyOf(key)) ?? rule.initial;
      const kept = await rule.asKept?.(value) ?? value;
      if (before !== kept) await rule.apply?.(kept, house);
      store.set(keyOf(key), kept);
      if (!rule.personal && before !== kept) house.onSetting?.();
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
  if (what === 'autostart' || what === 'bridged') return String(spec[what] ?? false);
  return showSize(what === 'memory' ? spec.memoryBytes : spec.diskBytes);
}

/** A card on what local.bridged-network says. It is there once for all. */
async function bridge(house: House, supervisor: Supervisor, key: string, value: string, makeBridge: boolean): Promise<void> {
  if (!flag(key, value)) throw invalid(key, value, 'a card that was given is not taken back by this; see: holdfast net detach');
  if (supervisor.record.instance.spec.bridged) return;
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

function flag(key: string, value: string): boolean {
  const on = parseFlag(value);
  if (on !== undefined) return on;
  throw invalid(key, value, 'it must be true or false');
}

function invalid(key: string, value: string, why: string): Error {
  return fail('bad-setting', `Invalid setting '${key}=${value.slice(0, 200)}': ${why}`);
}
