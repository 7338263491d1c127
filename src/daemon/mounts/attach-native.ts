/** Has the guest mount what its machine has as a device. Nothing of it passes through the daemon: it only sees to it that it is there. */
import { fail } from '../../core/errors.ts';
import type { NativeDevice, RunningMachine } from '../../drivers/driver.ts';
import { letGoOfNative, mountNative } from '../../guest/native-mounts.ts';
import type { Attached } from './attach.ts';

const REACH_MS = 30_000;

/** @throws guest-unreachable, exec-failed, cancelled */
export async function attachNative(name: string, machine: RunningMachine, device: NativeDevice, signal: AbortSignal): Promise<Attached> {
  if (device.lost.aborted) throw lostNative(name, device);
  // Listened for from the start: a guest that restarts meanwhile has nothing mounted.
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  const end = (why: string) => (): void => resolve(why);
  const releases = [
    machine.on({ reset: end('the guest restarted'), ended: end('the machine ended') }),
    machine.guest.onHold(({ level }) => { if (level !== 'held') resolve('the guest does not answer'); }),
  ];
  const onLost = end('what served its files has ended');
  device.lost.addEventListener('abort', onLost, { once: true });
  const attached: Attached = {
    ended,
    async [Symbol.asyncDispose]() {
      for (const release of releases) release();
      device.lost.removeEventListener('abort', onLost);
    },
  };
  try {
    const { shell } = await machine.guest.reach('control', { deadlineMs: REACH_MS, signal });
    await mountNative(shell, device, machine.guest.user, signal);
    return attached;
  } catch (error) {
    await attached[Symbol.asyncDispose]();
    throw error;
  }
}

/** Takes it from the guest's sight, where that answers: who asks for its files from now on does not wait for ever. */
export async function hideNative({ guest }: RunningMachine, { target }: NativeDevice): Promise<void> {
  const signal = AbortSignal.timeout(REACH_MS);
  await guest.reach('control', { deadlineMs: REACH_MS, signal }).then(({ shell }) => letGoOfNative(shell, target, signal)).catch(() => undefined);
}

/** A guest that waits for its files does not shut down: it waits for what is to be written there. */
export function lostNative(name: string, { target }: NativeDevice): Error {
  return fail('exec-failed', `the native mount ${target} of ${name} is lost: what served its files has ended`, { hint: `it is there again after: holdfast stop --force ${name}; holdfast start ${name}` });
}
