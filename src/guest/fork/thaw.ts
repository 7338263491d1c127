/** Gives a fork its identity, before anything with a key runs in it: one word to its doorman, one answer. */
import { randomBytes } from 'node:crypto';
import { stepClock } from '../clock.ts';
import type { LanePort } from '../lane-port.ts';
import { forkTokens, type GuestIdentity } from './tokens.ts';
import { openDoorman } from './word.ts';

export interface Thaw {
  readonly template: GuestIdentity;
  readonly fork: GuestIdentity;
  /** 32 hexadecimal digits. */
  readonly machineId: string;
  readonly timezone: string;
  /** The user's own cloud-init data is to be run, as on a first boot. */
  readonly anew: boolean;
  /** Its disk is larger than the template's. */
  readonly grows: boolean;
}

const SEED_BYTES = 64;
const DEADLINE_MS = 30_000;

/** @throws machine-failed, guest-unreachable */
export async function thawGuest(lanes: LanePort, { template, fork, machineId, timezone, anew, grows }: Thaw, signal: AbortSignal): Promise<void> {
  using line = await openDoorman(lanes, signal);
  await line.tell({
    do: 'thaw', seed: randomBytes(SEED_BYTES).toString('base64'), name: fork.name, machineId, instanceId: fork.instanceId,
    tokens: forkTokens(template, fork), zone: timezone, anew, grows,
    // Last, so that it is as fresh as can be. The guest comes to it late all the same: it has not run for a while.
    now: Date.now() / 1000,
  }, DEADLINE_MS, signal);
  await stepClock(line, signal);
}
