/** Starts one QEMU process, its processors held, and connects to its monitor. */
import { chmod, chown, mkdir, rm } from 'node:fs/promises';
import { fail } from '../../core/errors.ts';
import { complaintsTail, startDetached, type Detached, type ExitStatus } from '../../host/process/detached.ts';
import { signalProcess, waitForEnd } from '../../host/process/identity.ts';
import { lastComplaint } from './end.ts';
import type { MachineFiles } from './layout.ts';
import { QmpClient } from './qmp/client.ts';

/** What QEMU is given after the standard three. */
export const FIRST_DESCRIPTOR = 3;
const START_DEADLINE_MS = 30_000;

export interface LaunchRequest {
  readonly tool: string;
  readonly package: string;
  readonly args: readonly string[];
  readonly files: MachineFiles;
  readonly uid: number | null;
  readonly gid: number | undefined;
  readonly signal: AbortSignal;
  /** Given to QEMU as its descriptors from 3 on. */
  readonly descriptors?: readonly number[];
  /** What QEMU connects to, made when the directory of its sockets is there. */
  readonly prepare?: () => Promise<void>;
}

export interface Launched extends Detached {
  readonly monitor: QmpClient;
}

/** @throws machine-failed with QEMU's own last words, tool-missing, cancelled; nothing runs then */
export async function launch({ tool, package: brings, args, files, uid, gid, signal, descriptors = [], prepare }: LaunchRequest): Promise<Launched> {
  await rm(files.run.directory, { recursive: true, force: true });
  await mkdir(files.run.directory, { recursive: true, mode: 0o700 });
  if (uid !== null) await chown(files.run.directory, uid, uid);
  await chmod(files.run.directory, 0o700);
  await prepare?.();
  const process = await startDetached({
    tool, package: brings, args, complaintsPath: files.complaints, uid: uid ?? undefined, gid: uid === null ? undefined : gid ?? uid,
    files: descriptors,
    // Nothing of the daemon's surroundings is QEMU's business.
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
  });
  try {
    const monitor = await connectMonitor(process, files, signal);
    return { ...process, monitor };
  } catch (error) {
    await signalProcess(process.identity, 'SIGKILL');
    await waitForEnd(process.identity, 5_000);
    await rm(files.run.directory, { recursive: true, force: true });
    throw error;
  }
}

/** QEMU makes its sockets early; until it listens, or has ended, there is nothing to wait on but the path. */
async function connectMonitor({ exited }: Detached, files: MachineFiles, signal: AbortSignal): Promise<QmpClient> {
  let exit: ExitStatus | undefined;
  void exited.then((status) => { exit = status; });
  const until = performance.now() + START_DEADLINE_MS;
  for (let wait = 10; ; wait = Math.min(wait * 1.5, 100)) {
    if (signal.aborted) throw fail('cancelled', 'the start was cancelled', { cause: signal.reason });
    if (exit !== undefined) throw await startFailure(exit, files);
    try {
      return await QmpClient.connect(files.run.monitor, Math.max(1_000, until - performance.now()));
    } catch (error) {
      if (performance.now() >= until) throw error;
    }
    await Promise.race([exited, new Promise((resolve) => setTimeout(resolve, wait))]);
  }
}

async function startFailure({ code, signal }: ExitStatus, files: MachineFiles): Promise<Error> {
  const complaints = await complaintsTail(files.complaints);
  const said = lastComplaint(complaints) ?? 'it said nothing';
  if (/No space left on device/i.test(complaints)) return fail('no-space', `QEMU did not start: ${said}`, { hint: 'free some disk space and try again' });
  return fail('machine-failed', `QEMU did not start (${signal ?? `code ${code}`}): ${said}`);
}
