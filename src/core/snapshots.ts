/** Snapshots of an instance form a tree: what each may be called, and what becomes of the others when one goes. */
import { fail } from './errors.ts';
import type { InstanceSpec } from './instance.ts';
import type { Mount } from './mounts/mount.ts';
import { isInstanceName } from './names.ts';

export interface Snapshot {
  /** 16 hex digits; the layer of the disk that it holds has the same. */
  readonly id: string;
  readonly name: string;
  readonly comment: string;
  /** Id of the one that the instance was on when it was taken; null: of the image. */
  readonly parent: string | null;
  /** It has the memory too, of an instance that ran. */
  readonly live: boolean;
  /** ISO 8601. */
  readonly createdAt: string;
  /** As the instance was. */
  readonly spec: InstanceSpec;
}

/** Of all that an instance has had, so that no name comes again; beyond those that somebody has given. @param names  of those that there are */
export function nextSnapshotName(taken: number, names: ReadonlySet<string>): string {
  for (let number = taken + 1; ; number += 1) if (!names.has(`snapshot${number}`)) return `snapshot${number}`;
}

/** The rule of a host's name, as for an instance's. @throws bad-name */
export function requireSnapshotName(name: string): string {
  if (isInstanceName(name)) return name;
  throw fail('bad-name', `Invalid snapshot name supplied: ${JSON.stringify(name).slice(1, -1).slice(0, 80)}`, {
    hint: 'a name starts with a letter, has letters, digits and hyphens, does not end in a hyphen, and has at most 63 characters',
  });
}

/** What else changes with a restore: size and cards as they were, and nothing that says which machine it is. @param then  with the cards that it can have  @param mounts  that it is to have */
export function restoredSpec(now: InstanceSpec, then: InstanceSpec, mounts: readonly Mount[]): InstanceSpec {
  const { cards: _, bridged: __, mounts: ___, ...rest } = now;
  return {
    ...rest, cpus: then.cpus, memoryBytes: then.memoryBytes, diskBytes: then.diskBytes,
    ...(then.cards === undefined ? {} : { cards: then.cards }), ...(then.bridged === undefined ? {} : { bridged: then.bridged }),
    ...(mounts.length === 0 ? {} : { mounts }),
  };
}

/** `apollo.snapshot1`; an instance's name has no dot. @returns undefined where it is an instance's alone */
export function splitSnapshot(word: string): { readonly instance: string; readonly snapshot: string } | undefined {
  const at = word.indexOf('.');
  return at < 0 ? undefined : { instance: word.slice(0, at), snapshot: word.slice(at + 1) };
}
