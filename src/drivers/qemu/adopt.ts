/** Takes over a QEMU that an earlier daemon started: by pid and start time, and by the monitor's own word for who it is. */
import { stat } from 'node:fs/promises';
import { complaintsTail } from '../../host/process/detached.ts';
import { hostBootId, isSameProcess, signalProcess, waitForEnd } from '../../host/process/identity.ts';
import type { MachineEnd, MachineSpec } from '../driver.ts';
import type { Accelerator } from './command-line/input.ts';
import { classifyEnd } from './end.ts';
import { Hypervisor } from './hypervisor.ts';
import { machineUuid } from './identity.ts';
import type { MachineFiles } from './layout.ts';
import { QmpClient } from './qmp/client.ts';
import { changeState, readState, recordEnd, type MachineState, type Run } from './state-file.ts';
import type { SavedMachine } from './state-transfer.ts';
import { unkillable } from './unkillable.ts';

const MONITOR_DEADLINE_MS = 5_000;

export interface Adopted {
  readonly hypervisor: Hypervisor;
  readonly accelerator: Accelerator;
  readonly startedAt: string;
  readonly clockBehind: boolean;
}

export interface Adopting {
  readonly log: (cause: string, message: string) => void;
  /** Called with what was found to be the machine, before anything else is asked of it. */
  readonly taken: (found: SavedMachine) => Promise<void>;
}

/** @throws machine-failed  it runs, but its monitor does not answer */
export async function adoptHypervisor(
  machine: MachineSpec, files: MachineFiles, { log, taken }: Adopting,
): Promise<Adopted | { readonly end: MachineEnd } | undefined> {
  const state = await readState(files.state);
  const run = state?.run;
  if (state?.suspended) return { end: await stillSuspended(machine.name, state, files) };
  if (state === undefined || run === null || run === undefined) return undefined;
  if (!(await isSameProcess(run))) return { end: run.end ?? await recordUnseenEnd(run, files) };
  if (!run.settled) {
    // The daemon died while it was finding out whether the accelerator carries a guest: nobody relies on this one yet.
    await signalProcess(run, 'SIGKILL');
    await waitForEnd(run, 5_000);
    await changeState(files.state, (now) => ({ ...now, run: null }));
    return undefined;
  }
  const monitor = await QmpClient.connect(files.run.monitor, MONITOR_DEADLINE_MS);
  try {
    const { UUID } = await monitor.execute('query-uuid');
    if (UUID !== machineUuid(machine.id)) {
      await monitor[Symbol.asyncDispose]();
      return { end: await recordUnseenEnd(run, files) };
    }
    // Interrupted between the record and the first instruction, after a boot or a resume. One that panicked is kept to be looked at.
    const { status } = await monitor.execute('query-status');
    if (run.end === null && (status === 'prelaunch' || (status === 'paused' && run.clockBehind))) await monitor.execute('cont');
    await taken({ monitor, end: run.end ?? undefined });
    const hypervisor = await Hypervisor.attach({
      name: machine.name, uuid: machineUuid(machine.id), files, identity: run, monitor, exited: undefined, log,
      panicked: run.end?.kind === 'panicked' ? run.end : undefined, record: (end) => recordEnd(files.state, run, end),
    });
    return { hypervisor, accelerator: run.accelerator, startedAt: run.startedAt, clockBehind: run.clockBehind ?? false };
  } catch (error) {
    await monitor[Symbol.asyncDispose]();
    throw error;
  }
}

/** The save is whole, and its guest has not gone on since: a QEMU that is left is the one that saved it, or was about to take it up. */
async function stillSuspended(name: string, state: MachineState, files: MachineFiles): Promise<MachineEnd> {
  const { run } = state;
  const end: MachineEnd = { kind: 'suspended' };
  if (run === null) return end;
  await signalProcess(run, 'SIGKILL');
  if (!(await waitForEnd(run, 5_000))) throw unkillable(run, name);
  await changeState(files.state, (now) => ({ ...now, run: run.settled ? { ...run, end } : null }));
  return end;
}

async function recordUnseenEnd(run: Run, files: MachineFiles): Promise<MachineEnd> {
  const bootId = await hostBootId();
  const end = classifyEnd({
    asked: false, shutdown: undefined, exit: undefined, complaints: await complaintsTail(files.complaints),
    pidFileLeft: await stat(files.run.pid).then(() => true, () => false), watched: false,
    hostRestarted: run.bootId !== null && bootId !== undefined && run.bootId !== bootId,
  });
  await recordEnd(files.state, run, end);
  return end;
}
