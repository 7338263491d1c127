/** Starts a QEMU that takes up a saved state instead of booting: a fork of a template, or what was suspended. */
import { hostBootId, signalProcess, waitForEnd } from '../../host/process/identity.ts';
import type { MachineSpec, Work } from '../driver.ts';
import type { Accelerator, Card, Memory } from './command-line/input.ts';
import { Hypervisor } from './hypervisor.ts';
import { machineUuid } from './identity.ts';
import { FIRST_DESCRIPTOR, launch } from './launch.ts';
import type { OpenDiskBase } from './layers/layer-store.ts';
import type { MachineFiles } from './layout.ts';
import { machineCommand } from './machine-command.ts';
import type { QmpClient } from './qmp/client.ts';
import type { Started } from './start.ts';
import { changeState, recordEnd, type MachineState, type Run } from './state-file.ts';

export interface IncomingParts {
  readonly files: MachineFiles;
  readonly openBase: OpenDiskBase;
  readonly state: MachineState;
  readonly accelerator: Accelerator;
  readonly memory: Memory;
  /** Key of the template whose memory that is. */
  readonly template?: string | undefined;
  readonly cards: readonly Card[];
  readonly kvmGid: number | undefined;
  /** QEMU's from FIRST_DESCRIPTOR on. */
  readonly descriptors: readonly number[];
  readonly log: (cause: string, message: string) => void;
  /** The processors are held afterwards. */
  readonly load: (monitor: QmpClient) => Promise<void>;
  /**
   * From held processors to a guest that may be seen. `settle` records that it has arrived: from then on it is a machine that runs, or
   * one that boots, and what was loaded is not loaded again.
   */
  readonly arrive: (hypervisor: Hypervisor, settle: (more?: Pick<Run, 'clockBehind'>) => Promise<void>) => Promise<void>;
  /** Of the machine once it has arrived. */
  readonly arrived: MachineState;
}

/** @throws whatever went wrong; nothing runs then, and the machine's state is what it was, or `arrived` when that was settled */
export async function startIncoming(machine: MachineSpec, parts: IncomingParts, work: Work): Promise<Started> {
  const { files, accelerator, kvmGid, log } = parts;
  const [state, arrived] = [withoutShares(parts.state), withoutShares(parts.arrived)];
  await using below = await parts.openBase(FIRST_DESCRIPTOR + parts.descriptors.length);
  const command = machineCommand(machine, files, { machineType: state.machineType, accelerator, memory: parts.memory, cards: parts.cards, base: below.base, incoming: true });
  const { identity, exited, monitor } = await launch({
    ...command, files, uid: state.uid, gid: accelerator === 'kvm' ? kvmGid : undefined, signal: work.signal, descriptors: [...parts.descriptors, ...below.descriptors],
  });
  let hypervisor: Hypervisor | undefined;
  let recorded = state;
  try {
    const startedAt = new Date().toISOString();
    // Not settled: a daemon that finds it so ends it, since it may not be yet what it is to be.
    const run = { ...identity, bootId: (await hostBootId()) ?? null, startedAt, accelerator, template: parts.template, settled: false, end: null };
    await changeState(files.state, () => ({ ...state, run }));
    work.progress('Loading the state');
    await parts.load(monitor);
    hypervisor = await Hypervisor.attach({ name: machine.name, uuid: machineUuid(machine.id), files, identity, monitor, exited, log, record: (end) => recordEnd(files.state, identity, end) });
    await parts.arrive(hypervisor, async (more) => {
      await changeState(files.state, () => ({ ...arrived, run: { ...run, ...more, settled: true } }));
      recorded = arrived;
    });
    return { hypervisor, accelerator, startedAt, notice: null };
  } catch (error) {
    await hypervisor?.kill();
    await signalProcess(identity, 'SIGKILL');
    await waitForEnd(identity, 5_000);
    await monitor[Symbol.asyncDispose]();
    await changeState(files.state, () => ({ ...recorded, run: null }));
    throw error;
  }
}

/** Its devices are those of the state that it takes up, and no native mount is among them. */
function withoutShares(state: MachineState): MachineState {
  const { shares: _, ...rest } = state;
  return rest;
}
