/** Makes a booted guest ready to be forked: what must not live twice is stopped and forgotten in it. */
import { fail } from '../../core/errors.ts';
import type { GuestAccess } from '../access.ts';
import { AGENT_DIR } from '../agent/bundle.ts';
import { askAgent } from '../agent-calls.ts';
import type { LanePort } from '../lane-port.ts';
import { tellDoorman } from './word.ts';

const FREEZE_MS = 120_000;
const WORD_MS = 15_000;

/**
 * The guest's connections must be given up between the two steps, by `release`: no sshd may live through a fork.
 * @param tokens  those of the guest's present identity
 * @returns the machine-id it has, a further token  @throws machine-failed, guest-unreachable
 */
export async function freezeGuest(
  guest: GuestAccess, lanes: LanePort, tokens: readonly string[], release: () => Promise<void>, signal: AbortSignal,
): Promise<{ readonly machineId: string }> {
  const { shell } = await guest.reach('control', { deadlineMs: WORD_MS, signal });
  const { machineId } = await askAgent(shell, AGENT_DIR, 'freeze', FREEZE_MS, signal, JSON.stringify(tokens));
  if (typeof machineId !== 'string' || !/^[0-9a-f]{32}$/.test(machineId)) throw fail('machine-failed', 'the guest has no machine-id that can be read');
  await release();
  for (const until = performance.now() + WORD_MS; ;) {
    const { ready } = await tellDoorman(lanes, { do: 'freeze' }, WORD_MS, signal);
    if (ready === true) return { machineId };
    if (performance.now() > until) throw fail('machine-failed', 'the guest\'s connections did not end');
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}
