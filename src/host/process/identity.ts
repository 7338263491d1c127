/** Tells whether a pid is still the process that was meant: pids are reused, a pid with its start time is not. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque: clock ticks since boot on Linux (proc(5), stat field 22), text of `ps -o lstart` elsewhere. */
  readonly startTime: string;
}

/** @returns undefined when no such process runs (a zombie has ended) */
export async function processStartTime(pid: number): Promise<string | undefined> {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return process.platform === 'linux' ? linuxStartTime(pid) : psStartTime(pid);
}

export async function isSameProcess(identity: ProcessIdentity): Promise<boolean> {
  return (await processStartTime(identity.pid)) === identity.startTime;
}

/** Held by a signal (SIGSTOP): it runs no more, and has not ended. Known on Linux only. */
export async function isHeldBySignal({ pid }: ProcessIdentity): Promise<boolean> {
  const stat = process.platform === 'linux' ? await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '') : '';
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
}

/** Signals the process only when it is still the one that was meant. @returns whether it was there */
export async function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): Promise<boolean> {
  if (!(await isSameProcess(identity))) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Resolves when the process has ended: true, or false at the deadline. Meant for the moments in which it is ending. */
export async function waitForEnd(identity: ProcessIdentity, deadlineMs: number): Promise<boolean> {
  const until = performance.now() + deadlineMs;
  for (let wait = 5; await isSameProcess(identity); wait = Math.min(wait * 2, 100)) {
    if (performance.now() >= until) return false;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  return true;
}

/** After SIGKILL: the kernel takes a process away at once, unless it waits for a device. */
const KILL_MS = 5_000;

/** Asks it to end, then makes it. @param termMs  how long it has got to end in order  @returns whether it has ended */
export async function endBySignals(identity: ProcessIdentity, termMs: number): Promise<boolean> {
  for (const [signal, deadlineMs] of [['SIGTERM', termMs], ['SIGKILL', KILL_MS]] as const) {
    if (!(await signalProcess(identity, signal)) || await waitForEnd(identity, deadlineMs)) return true;
  }
  return false;
}

/** Changes with every start of the host; undefined where the system does not tell. */
export async function hostBootId(): Promise<string | undefined> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => undefined))?.trim();
}

async function linuxStartTime(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  return stat === undefined ? undefined : parseStat(stat);
}

/** The command's name is in parentheses and may itself hold spaces and parentheses: fields count from the last one. */
export function parseStat(stat: string): string | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  return state === 'Z' || state === 'X' ? undefined : fields[19];
}

async function psStartTime(pid: number): Promise<string | undefined> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], { env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } })
    .catch(() => ({ stdout: '' }));
  return stdout.trim() || undefined;
}
