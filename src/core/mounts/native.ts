/** Native mounts: directories that a machine has as devices, from its start on. What is asked of one before it is recorded. */
import { fail } from '../errors.ts';
import type { InstanceSpec } from '../instance.ts';
import { showIdPair, type IdPair } from './id-maps.ts';
import type { Mount } from './mount.ts';

/** Each has an address of its own on the machine's bus. */
export const MOST_NATIVE = 8;
/** Of the first user of a cloud image. What a guest does not run yet cannot be asked. */
export const FIRST_USER = 1000;

export function nativeMounts({ mounts = [] }: Pick<InstanceSpec, 'mounts'>): Mount[] {
  return mounts.filter(({ native }) => native);
}

/** As it is started while mounts are switched off. */
export function withoutNative(spec: InstanceSpec): InstanceSpec {
  const { mounts = [], ...rest } = spec;
  const left = mounts.filter(({ native }) => !native);
  return left.length === 0 ? rest : { ...rest, mounts: left };
}

/** @throws wrong-state */
export function requireRoomForNative(name: string, mounts: readonly Mount[]): void {
  if (mounts.filter(({ native }) => native).length < MOST_NATIVE) return;
  throw fail('wrong-state', `${name} has ${MOST_NATIVE} native mounts, which is all that its machine has places for`, { hint: 'mount a directory above them once, or leave --type out: classic mounts have no such limit' });
}

/**
 * What serves the files has the rights of one person, and knows no other id.
 * @param own  of the person who mounts
 * @returns whose his files are there  @throws bad-argument
 */
export function nativePair(what: 'UID' | 'GID', pairs: readonly IdPair[] | undefined, own: number): IdPair & { readonly guest: number } {
  const [pair = { host: own, guest: 'default' as const }, ...more] = pairs ?? [];
  if (more.length > 0) throw fail('bad-argument', `A native mount takes one ${what} map: ${(pairs ?? []).map(showIdPair).join(', ')}`, { hint: 'leave --type out: a classic mount takes many' });
  if (pair.host !== own) {
    throw fail('bad-argument', `A native mount maps your own ${what} only, which is ${own}: ${showIdPair(pair)}`, { hint: `files are reached with your rights: map ${own}:${pair.guest}; or leave --type out: a classic mount maps others too` });
  }
  return { host: own, guest: pair.guest === 'default' ? FIRST_USER : pair.guest };
}

/** A state with such a device in it cannot be saved. @throws wrong-state */
export function refuseWithNative(what: string, name: string, spec: Pick<InstanceSpec, 'mounts'>): void {
  const natives = nativeMounts(spec);
  if (natives.length === 0) return;
  throw fail('wrong-state', `${name} cannot be ${what}: it has native mounts (${natives.map(({ target }) => target).join(', ')}), whose devices cannot be saved`, {
    hint: `stop it instead: holdfast stop ${name}; stopped, it can be rid of them: holdfast umount ${name}:${natives[0]?.target ?? ''}`,
  });
}
