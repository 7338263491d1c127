/** Makes a mount, or takes mounts away: recorded with the instance, and where it runs in its guest at once. */
import { fail } from '../../core/errors.ts';
import type { Mount } from '../../core/mounts/mount.ts';
import { nativeMounts } from '../../core/mounts/native.ts';
import type { House } from '../instances/house.ts';
import type { Result, Task } from '../operations/engine.ts';
import type { Supervisor } from '../supervisor.ts';

export const MOUNT_STEPS = ['record', 'attach'] as const;
export const UNMOUNT_STEPS = ['detach'] as const;
export const MOUNT_KINDS = ['mount', 'umount'] as const;

/** What is not held by then is lost, or held by its address only: the mount would come at nobody knows when. */
const HELD_MS = 30_000;

/** As the operation has it, so that the next daemon makes the same one. */
export interface MountRequest {
  readonly mount: Mount;
}

export interface UnmountRequest {
  readonly targets: readonly string[];
}

/** Also for what an earlier daemon left: each step done again comes to the same. */
export async function performMounts(house: House, supervisor: Supervisor, request: MountRequest | UnmountRequest, task: Task): Promise<Result> {
  using _busy = supervisor.occupy({ operation: task.id, kind: 'mount' in request ? 'mount' : 'umount' });
  if ('mount' in request) await mount(house, supervisor, request.mount, task);
  else await unmount(house, supervisor, request.targets, task);
  return {};
}

async function mount(house: House, supervisor: Supervisor, wanted: Mount, task: Task): Promise<void> {
  if (wanted.native) requireNotRunning(supervisor);
  task.step('record');
  task.progress(`Mounting ${wanted.source} in ${supervisor.name}`);
  // Recorded before it is tried, so that a daemon that dies meanwhile leaves no mount that nobody knows.
  record(supervisor, [...without(supervisor, wanted.target), wanted]);
  if (wanted.native) return;
  try {
    task.step('attach');
    const error = await Promise.race([
      house.mounts.begin(house, supervisor, wanted, { progress: (stage) => task.progress(stage), heldWithinMs: HELD_MS }),
      calledOff(task.signal),
    ]);
    if (error !== undefined) throw error;
  } catch (error) {
    record(supervisor, without(supervisor, wanted.target));
    await house.mounts.giveUp(supervisor, wanted.target);
    throw error;
  }
}

async function unmount(house: House, supervisor: Supervisor, targets: readonly string[], task: Task): Promise<void> {
  const gone = mountsOf(supervisor).filter((each) => targets.includes(each.target));
  requireFree(supervisor, gone);
  for (const { target } of gone) {
    task.step('detach');
    task.progress(`Unmounting ${target} in ${supervisor.name}`);
    await house.mounts.end(supervisor, target, task.signal);
    // Also when it is called off by now: what is not in the guest any more is not to come again.
    record(supervisor, without(supervisor, target));
  }
}

/** A native mount's device comes and goes with a start. @throws wrong-state */
export function requireNotRunning({ name, state }: Supervisor): void {
  if (state === 'Stopped') return;
  throw fail('wrong-state', `A native mount can only be defined while its instance is stopped: ${name} is ${state}`, { hint: stopFirst(name, state, 'or leave --type out: a classic mount comes and goes while it runs') });
}

/** All of them or none: which ones stay is not to be found out afterwards. @param gone  that are to be taken away  @throws wrong-state */
export function requireFree({ name, state }: Supervisor, gone: readonly Mount[]): void {
  const natives = nativeMounts({ mounts: [...gone] });
  if (natives.length === 0 || state === 'Stopped') return;
  const classic = gone.filter(({ native }) => !native).map(({ target }) => `${name}:${target}`);
  throw fail('wrong-state', `A native mount can only be taken away while its instance is stopped: ${name} is ${state} (native: ${natives.map(({ target }) => target).join(', ')})`, {
    hint: stopFirst(name, state, classic.length === 0 ? undefined : `or take away only the others now: holdfast umount ${classic.join(' ')}`),
  });
}

function stopFirst(name: string, state: string, instead: string | undefined): string {
  if (state === 'Suspended') return 'start it, then stop it: its memory would have to be given up otherwise';
  return `stop it first: holdfast stop ${name}${instead === undefined ? '' : `; ${instead}`}`;
}

export function mountsOf({ record: { instance: { spec } } }: Supervisor): readonly Mount[] {
  return spec.mounts ?? [];
}

function without(supervisor: Supervisor, target: string): Mount[] {
  return mountsOf(supervisor).filter((each) => each.target !== target);
}

function record(supervisor: Supervisor, mounts: readonly Mount[]): void {
  const { mounts: _, ...spec } = supervisor.record.instance.spec;
  supervisor.respecify(mounts.length === 0 ? spec : { ...spec, mounts });
}

async function calledOff(signal: AbortSignal): Promise<unknown> {
  return await new Promise((resolve) => { signal.addEventListener('abort', () => resolve(signal.reason), { once: true }); });
}
