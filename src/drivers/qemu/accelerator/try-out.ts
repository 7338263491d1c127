/**
 * Tries an accelerator without any guest: a machine of nothing but firmware, which must say a word. That finds out what
 * opening /dev/kvm does not (QEMU that aborts on it, firmware that never runs); that a kernel runs on it as well is
 * proven only by the first start of a machine, and remembered.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fail } from '../../../core/errors.ts';
import type { Architecture } from '../../../core/instance.ts';
import { lastLine, spawnFailure } from '../../../host/process/run.ts';
import { BINARIES, findFirmware, newestMachineType } from '../binary.ts';
import type { Accelerator } from '../command-line/input.ts';

/** Where it runs, a firmware has spoken after 0.1 s, and emulated on a busy host within some seconds. */
export const TRY_OUT_MS: Readonly<Record<Accelerator, number>> = { kvm: 5_000, hvf: 5_000, tcg: 15_000 };
/** Ends a try-out whose daemon was killed. Where there is none, the machine has nothing to run and waits. */
const LIMIT = '/usr/bin/timeout';

interface TryOut {
  readonly accelerator: Accelerator;
  readonly architecture: Architecture;
  /** Machines run under an unprivileged identity; undefined: the daemon's. */
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** @returns milliseconds until the firmware spoke. @throws machine-failed, tool-missing, no-rights, cancelled */
export async function tryOut({ accelerator, architecture, uid, gid }: TryOut, signal: AbortSignal): Promise<number> {
  const { tool, package: brings } = BINARIES[architecture];
  const args = tryOutCommand(architecture, accelerator, await newestMachineType(architecture), findFirmware(architecture)?.code);
  const deadlineMs = TRY_OUT_MS[accelerator];
  const bounded = existsSync(LIMIT) ? { file: LIMIT, args: ['-s', 'KILL', String(deadlineMs / 1000 + 5), tool, ...args] } : { file: tool, args };
  const startedAt = performance.now();
  const child = spawn(bounded.file, bounded.args, {
    stdio: ['ignore', 'pipe', 'pipe'], cwd: '/', env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
    ...(uid === undefined ? {} : { uid, gid: gid ?? uid }),
  });
  let complaints = '';
  child.stderr.on('data', (piece: Buffer) => { complaints = (complaints + piece.toString()).slice(-4_000); });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const timer = setTimeout(() => reject(fail('machine-failed', `its firmware did not run within ${deadlineMs / 1000} s`)), deadlineMs);
  const onAbort = (): void => reject(fail('cancelled', `the trial of ${accelerator} was cancelled`, { cause: signal.reason }));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  child.stdout.once('data', () => resolve(Math.round(performance.now() - startedAt)));
  child.once('error', (error) => reject(spawnFailure({ tool, package: brings }, error)));
  const closed = new Promise<void>((done) => child.once('close', (code, by) => {
    reject(fail('machine-failed', `QEMU ended at once (${by ?? `code ${code}`}): ${lastLine(complaints) ?? 'it said nothing'}`));
    done();
  }));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    // TERM: timeout(1) hands it on to QEMU, which ends by it; KILL would leave QEMU behind.
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      const last = setTimeout(() => child.kill('SIGKILL'), 2_000);
      await closed;
      clearTimeout(last);
    }
  }
}

/** Machine and processor as those of real machines; the firmware's own words come out at its debugging port (x86) or its serial line. */
export function tryOutCommand(architecture: Architecture, accelerator: Accelerator, machineType: string, firmware: string | undefined): string[] {
  return [
    '-nodefaults', '-no-user-config', '-name', `guest=try-${accelerator}`,
    '-machine', architecture === 'x86_64' ? `${machineType},vmport=off` : `${machineType},gic-version=max`,
    '-m', architecture === 'x86_64' ? '64M' : '256M',
    '-accel', accelerator === 'tcg' ? 'tcg,thread=single,tb-size=32' : accelerator,
    '-cpu', accelerator === 'tcg' ? 'max' : 'host',
    '-display', 'none', '-vga', 'none',
    '-chardev', 'stdio,id=say,signal=off',
    ...(architecture === 'x86_64' ? ['-device', 'isa-debugcon,iobase=0x402,chardev=say'] : ['-serial', 'chardev:say', '-bios', firmware ?? '']),
  ];
}
