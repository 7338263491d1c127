/** `local.<instance>.<snapshot>.name` and `.comment`. */
import { isInstanceName } from '../../core/names.ts';
import type { Snapshot } from '../../core/snapshots.ts';
import type { House } from '../instances/house.ts';
import { refuseTaken } from '../instances/snapshots.ts';
import type { Supervisor } from '../supervisor.ts';
import { badSetting } from './bad-setting.ts';

const SNAPSHOT_KEY = /^local\.([A-Za-z][A-Za-z0-9-]*)\.([A-Za-z][A-Za-z0-9-]*)\.(name|comment)$/;

interface SnapshotKey {
  readonly supervisor: Supervisor;
  readonly found: Snapshot;
  readonly what: 'name' | 'comment';
}

/** @returns undefined where it is no such key, or there is no such snapshot */
export function snapshotKey(house: House, key: string): SnapshotKey | undefined {
  const [, instance = '', snapshot, what] = SNAPSHOT_KEY.exec(key) ?? [];
  const supervisor = house.registry.find(instance);
  const found = supervisor && house.snapshots.of(supervisor.id).find(({ name }) => name === snapshot);
  return supervisor && found && what !== undefined ? { supervisor, found, what: what as 'name' | 'comment' } : undefined;
}

/** @returns the key under which it is found from now on  @throws bad-setting, snapshot-exists */
export function describeSnapshot(house: House, { supervisor, found, what }: SnapshotKey, key: string, value: string): string {
  if (what === 'name' && value !== found.name) {
    if (!isInstanceName(value)) throw badSetting(key, value, 'it must be a valid snapshot name');
    refuseTaken(house.snapshots.of(supervisor.id), supervisor.name, value);
  }
  house.snapshots.describe(supervisor.id, found.id, { [what]: value });
  return what === 'name' ? `local.${supervisor.name}.${value}.name` : key;
}

export function snapshotKeys({ snapshots }: House, id: string, instance: string): readonly string[] {
  return snapshots.of(id).flatMap(({ name }) => ['comment', 'name'].map((what) => `local.${instance}.${name}.${what}`));
}
