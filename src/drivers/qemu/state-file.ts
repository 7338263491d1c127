/**
 * What must be known of a machine after the daemon died: written before it matters, whole or not at all. Some of it is written while
 * something else is done to the machine: whoever changes it says how, and changes only what is his.
 */
import { readFile } from 'node:fs/promises';
import { fail } from '../../core/errors.ts';
import type { ProcessIdentity } from '../../host/process/identity.ts';
import { writeWhole } from '../../host/write-whole.ts';
import type { MachineEnd } from '../driver.ts';
import type { Accelerator } from './command-line/input.ts';
import type { MemoryFormat } from './state-transfer.ts';

/** One run of QEMU, from its start to the next one. */
export interface Run {
  readonly pid: number;
  readonly startTime: string;
  /** The host's, so that a restart of the host is told from a death. */
  readonly bootId: string | null;
  readonly startedAt: string;
  readonly accelerator: Accelerator;
  /** Key of the template whose memory it has mapped: that one stays while this runs. */
  readonly template?: string | undefined;
  /** The accelerator carries the guest, as far as it is known; until then the start is not done. */
  readonly settled: boolean;
  /** It was taken up from a saved state, and its guest's clock was not set since: it may not even have gone on yet. */
  readonly clockBehind?: boolean;
  /** It stands still, or is about to, while it is suspended. */
  readonly suspending?: boolean;
  /** How it ended, as far as a daemon saw it. */
  readonly end: MachineEnd | null;
}

/** What a QEMU must be like that takes up a saved state. */
export interface SavedMemory {
  readonly format: MemoryFormat;
  readonly accelerator: Accelerator;
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** A directory of the host that the machine was started with. */
export interface RecordedShare {
  readonly target: string;
  readonly tag: string;
  readonly filesystem: 'virtiofs' | '9p';
  /** The process that serves it; null: QEMU does. */
  readonly server: ProcessIdentity | null;
}

export interface MachineState {
  readonly version: 1;
  readonly machineType: string;
  /** Port layout and device addresses that the guest has got used to. */
  readonly layout: 1;
  /** The unprivileged identity it runs under; null: that of the daemon. */
  readonly uid: number | null;
  /** Key of the template whose memory it begins with; null once it has begun. */
  readonly fork?: string | null;
  /** When that one was made: another that was made since has its key, and memory that does not belong to this disk. None: an older Holdfast did not record it. */
  readonly forkMadeAt?: string;
  /** A fork whose card and services are still to come. */
  readonly unsettled?: boolean;
  /** It was suspended, and its next start takes it up again. */
  readonly suspended?: SavedMemory | null;
  /** The layer that its disk lies on; none: the image. */
  readonly layer?: string;
  /** The layer that its disk is about to become, which nobody else needs yet. */
  readonly freezing?: string;
  /** It writes to the disk above that layer, which was made while it ran and has a name of its own until it ends. */
  readonly diskAbove?: string;
  /** It stands still while its disk becomes that layer and its memory is saved. */
  readonly live?: string;
  /** Its disk is being replaced by one above that layer. */
  readonly reverting?: boolean;
  /** As whom its guest is entered, where that is not the default user. */
  readonly user?: string;
  /** Of its last start. */
  readonly shares?: readonly RecordedShare[];
  readonly run: Run | null;
}

const VERSION = 1;

/** The last change of each file that is under way. */
const changes = new Map<string, Promise<void>>();

/** @returns undefined when there is none  @throws home-too-new, machine-failed when it cannot be understood: it stays as it is */
export async function readState(path: string): Promise<MachineState | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return requireVersion(text, VERSION, path) as MachineState;
}

/** A record of ours, of the version that is known here. @throws home-too-new, machine-failed */
export function requireVersion(text: string, known: number, what: string): { readonly version: number } {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch (cause) {
    throw fail('machine-failed', `${what} is damaged: it is no JSON`, { cause });
  }
  const version = typeof record === 'object' && record !== null && 'version' in record ? record.version : undefined;
  if (version === known) return record as { readonly version: number };
  if (typeof version === 'number' && version > known) {
    throw fail('home-too-new', `${what} was written by a newer Holdfast (its version is ${version}, this one knows ${known})`, { hint: 'update Holdfast; nothing was changed' });
  }
  throw fail('machine-failed', `${what} is damaged: it has no version that is known`);
}

/** The first; later ones are changed. */
export async function writeState(path: string, state: MachineState): Promise<void> {
  await writeWhole(path, `${JSON.stringify(state, null, 2)}\n`);
}

/**
 * One after the other for each file: nobody writes over what another has changed since he looked. Nothing where there is none.
 * @param change  from what is recorded now; undefined: it stays as it is
 * @throws as readState
 */
export async function changeState(path: string, change: (now: MachineState) => MachineState | undefined): Promise<void> {
  const before = changes.get(path) ?? Promise.resolve();
  const mine = before.catch(() => {}).then(async () => {
    const now = await readState(path);
    const then = now && change(now);
    if (then) await writeState(path, then);
  });
  changes.set(path, mine);
  try {
    await mine;
  } finally {
    if (changes.get(path) === mine) changes.delete(path);
  }
}

/** Of this run, while it is the machine's last. */
export async function changeRun(path: string, { pid, startTime }: Pick<Run, 'pid' | 'startTime'>, change: (now: Run) => Run): Promise<void> {
  await changeState(path, (now) => (now.run?.pid === pid && now.run.startTime === startTime ? { ...now, run: change(now.run) } : undefined));
}

/** The guest of this run has the host's time again. */
export async function recordClockSet(path: string, startedAt: string): Promise<void> {
  await changeState(path, (now) => {
    if (now.run?.startedAt !== startedAt) return undefined;
    const { clockBehind: _, ...run } = now.run;
    return { ...now, run };
  });
}

/** How the run of this process ended; nothing when another run has begun since, or the machine was removed. */
export async function recordEnd(path: string, identity: Pick<Run, 'pid' | 'startTime'>, end: MachineEnd): Promise<void> {
  await changeRun(path, identity, (run) => ({ ...run, end })).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
}
