/**
 * After a restart of the host: what ran comes back, what is to start with the host is started, a few at a time. What is
 * still to come is in the records (wanted, and not running), so that a daemon that dies over it leaves it to the next.
 */
import { availableParallelism } from 'node:os';
import { errorRecord, type ErrorRecord } from '../../core/errors.ts';
import { delayBefore } from '../../core/retry/backoff.ts';
import { Turns } from '../../core/turns.ts';
import { orAbort, pause } from '../../guest/ssh/time-limit.ts';
import type { SettingStore } from '../../store/settings.ts';
import type { Supervisor } from '../supervisor.ts';
import { act } from './actions.ts';
import type { House } from './house.ts';

/** In the settings' table, and none of them. */
const BOOT_KEY = 'host.boot-id';
/** More at once would all be late, and the host is busy with its own start. */
const AT_ONCE = Math.min(4, availableParallelism());
/** Most guests have answered by then; an emulated one is well on its way. */
const TURN_MS = 60_000;
/** A bridge of the host's may come a moment after the daemon: for so long an instance with a card on it is tried again. */
const LINKS_MS = 60_000;
const LEAST_MS = 500;
const BACKOFF = { firstMs: 1_000, capMs: 10_000 };
/** What ends with it running, or says why not. */
const STARTS: readonly string[] = ['launch', 'start', 'restart'];
const NEVER = new AbortController().signal;

export interface HostStart {
  /** Since a daemon was last here; false where nobody can tell. */
  readonly restarted: boolean;
  /** To be called once it is recorded what is to come back. */
  remember(): void;
}

/** @param bootId  of the host as it runs now; undefined where the system has none */
export function hostStart(settings: SettingStore, bootId: string | undefined): HostStart {
  const before = settings.get(BOOT_KEY);
  return {
    restarted: bootId !== undefined && before !== undefined && before !== bootId,
    remember() {
      if (bootId !== undefined && before !== bootId) settings.set(BOOT_KEY, bootId);
    },
  };
}

/** @param settled  ids of those whose interrupted operation goes on, and decides */
export function wantAutostarted(house: House, settled: ReadonlySet<string | null>): void {
  for (const supervisor of house.registry.all) {
    const { wanted, instance: { spec } } = supervisor.record;
    if (!spec.autostart || wanted.deleted || supervisor.machine || settled.has(supervisor.id)) continue;
    supervisor.want({ running: true });
    // It was kept to be looked at; the host's restart has ended its guest.
    if (supervisor.state === 'Crashed') supervisor.settle('Stopped', 'the host was restarted');
  }
}

/**
 * Resolves when all have come, or have failed; one that fails, or never answers, keeps no other waiting.
 * @param after  what they are started again: `the host's restart`
 * @param signal  of who waits for it: what somebody else is starting is left to him then
 * @returns why those that failed did not come  @throws the signal's reason; those whose start has begun come all the same
 */
export async function comeBack(house: House, after: string, signal?: AbortSignal): Promise<string[]> {
  const turns = new Turns(AT_ONCE);
  const failures = await Promise.all(house.registry.all.filter(isWanted).map(async (supervisor) => {
    await untilFree(supervisor, signal);
    const endTurn = await turns.take();
    // A guest that boots and does not answer has the longest time for it, and the others need not wait for that.
    const patience = setTimeout(endTurn, TURN_MS);
    try {
      return await bringBack(house, supervisor, after, signal ?? NEVER);
    } finally {
      clearTimeout(patience);
      endTurn();
    }
  }));
  return failures.flat();
}

function isWanted({ machine, record: { wanted } }: Supervisor): boolean {
  return wanted.running && !wanted.deleted && !machine;
}

function isToCome(supervisor: Supervisor): boolean {
  return isWanted(supervisor) && !supervisor.occupation && (supervisor.state === 'Stopped' || supervisor.state === 'Suspended');
}

/** An operation that was interrupted may be at work on it: it is started after that, if it is wanted then. */
async function untilFree(supervisor: Supervisor, signal: AbortSignal | undefined): Promise<void> {
  const { occupation } = supervisor;
  if (!occupation || (signal && STARTS.includes(occupation.kind))) return;
  await supervisor.untilOver(occupation, signal ?? NEVER).catch(() => signal?.throwIfAborted());
}

async function bringBack(house: House, supervisor: Supervisor, after: string, signal: AbortSignal): Promise<string[]> {
  const { name } = supervisor;
  const giveUpAt = performance.now() + LINKS_MS;
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted();
    // Meanwhile somebody may have started, stopped or removed it. What is still to come when the host goes down is left to its next start.
    if (house.hostEnd.signal.aborted || house.registry.byId(supervisor.id) !== supervisor || !isToCome(supervisor)) return [];
    house.log.line('come-back-begin', name, `${name} is started again after ${after}`);
    const error = await orAbort(startOnce(house, name), signal);
    if (error === null) return [];
    if (error.code !== 'link-missing' || performance.now() >= giveUpAt) {
      house.log.line('come-back', name, `${name} did not come back after ${after}: ${error.message}`, `start it: holdfast start ${name}`);
      return [`${name} was not started: ${error.message}`];
    }
    await pause(LEAST_MS + delayBefore(attempt, BACKOFF, Math.random()), signal);
  }
}

async function startOnce(house: House, name: string): Promise<ErrorRecord | null> {
  try {
    return (await house.engine.ended(act(house, name, { action: 'start' }).id)).error;
  } catch (error) {
    return errorRecord(error);
  }
}
