/** Makes a booted guest ready to be forked: what must not live twice is stopped and forgotten in it. */
import { fail } from '../../core/errors.ts';
import type { LanePort } from '../lane-port.ts';
import { pause } from '../ssh/time-limit.ts';
import { openDoorman } from './word.ts';

const FREEZE_MS = 60_000;
const WORD_MS = 15_000;
const LOOK_MS = 20;

/**
 * All connections into the guest must have been given up: its doorman waits until their sshds have ended, since none may
 * live through a fork.
 * @param tokens  those of the guest's present identity
 * @returns the machine-id it has, a further token  @throws machine-failed, guest-unreachable
 */
export async function freezeGuest(lanes: LanePort, tokens: readonly string[], signal: AbortSignal): Promise<{ readonly machineId: string }> {
  using line = await openDoorman(lanes, signal);
  for (const until = performance.now() + WORD_MS; performance.now() < until; await pause(LOOK_MS, signal)) {
    const { ready, machineId } = await line.tell({ do: 'freeze', tokens }, FREEZE_MS, signal);
    if (ready !== true) continue;
    if (typeof machineId !== 'string' || !/^[0-9a-f]{32}$/.test(machineId)) throw fail('machine-failed', 'the guest has no machine-id that can be read');
    return { machineId };
  }
  throw fail('machine-failed', 'the guest\'s connections did not end');
}
