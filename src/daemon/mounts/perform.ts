/** Makes a mount, or takes mounts away: recorded with the instance, and where it runs in its guest at once. */
import { fail } from '../../core/errors.ts';
import type { Mount } from '../../core/mounts/mount.ts';
import type { House } from '../instances/house.ts';
import type { Result, Task } from '../operations/engine.ts';
import type { Supervisor } from '../supervisor.ts';

export const MOUNT_STEPS = ['record', 'attach'] as const;
export const UNMOUNT_STEPS = ['detach', 'forget'] as const;
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
  if (wanted.native) requireNotRunning(supervisor, 'defined');
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
  for (const { target, native } of mountsOf(supervisor).filter((each) => targets.includes(each.target))) {
    if (native) requireNotRunning(supervisor, 'taken away');
    task.step('detach');
    task.progress(`Unmounting ${target} in ${supervisor.name}`);
    await house.mounts.end(supervisor, target, task.signal);
    task.step('forget');
    record(supervisor, without(supervisor, target));
  }
}

/** Its devices come and go with its starts. @throws wrong-state */
export function requireNotRunning({ name, state }: Supervisor, what: string): void {
  if (state === 'Stopped') return;
  const hint = state === 'Suspended' ? `start it, then stop it: its memory would have to be given up otherwise` : `stop it first: holdfast stop ${name}; or leave --type out: a classic mount comes and goes while it runs`;
  throw fail('wrong-state', `A native mount can only be ${what} while its instance is stopped: ${name} is ${state}`, { hint });
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
