/**
 * Starts a machine on the best accelerator that carries a guest. One that was never proven on this host is on trial:
 * the kernel must show itself in time, or the next candidate is tried; docs/decisions/accelerator.md says why.
 */
import { fail, HoldfastError } from '../../core/errors.ts';
import { hostBootId, signalProcess, waitForEnd } from '../../host/process/identity.ts';
import type { MachineSpec, Work } from '../driver.ts';
import { candidates, thisHost } from './accelerator/candidates.ts';
import { hostKey, type AcceleratorMemory } from './accelerator/memory.ts';
import { awaitLife } from './accelerator/trial.ts';
import { qemuVersion } from './binary.ts';
import type { Accelerator, Card, Memory, NativeShare } from './command-line/input.ts';
import { Hypervisor } from './hypervisor.ts';
import { machineUuid, requireReachable, type IdentityPolicy } from './identity.ts';
import { FIRST_DESCRIPTOR, launch } from './launch.ts';
import type { OpenDiskBase } from './layers/layer-store.ts';
import type { MachineFiles } from './layout.ts';
import { machineCommand } from './machine-command.ts';
import { endServers, sharesOf } from './native/servers.ts';
import { changeRun, changeState, readState, recordEnd, type MachineState } from './state-file.ts';

export interface StartParts {
  readonly files: MachineFiles;
  readonly openBase: OpenDiskBase;
  readonly identity: IdentityPolicy;
  readonly memory: AcceleratorMemory;
  readonly cards: readonly Card[];
  readonly only: readonly Accelerator[] | undefined;
  readonly log: (cause: string, message: string) => void;
  /** A file for the guest's memory, of which a template will be made. */
  readonly ramPath?: string | undefined;
}

export interface Started {
  readonly hypervisor: Hypervisor;
  readonly accelerator: Accelerator;
  readonly startedAt: string;
  readonly notice: string | null;
}

/** @throws machine-failed, no-accelerator, no-rights, tool-missing, cancelled */
export async function startHypervisor(machine: MachineSpec, parts: StartParts, work: Work): Promise<Started> {
  const { files, identity, memory } = parts;
  const state = await readState(files.state);
  if (state === undefined) throw fail('machine-failed', `${machine.name} has no machine to start: its files are gone`, { hint: `delete it: holdfast delete --purge ${machine.name}` });
  await requireReachable(files.disk, state.uid);
  await endServers(state.shares);
  const key = await hostKey(await qemuVersion(machine.architecture));
  const { accelerators, obstacle, kvmGid } = candidates(await thisHost(identity), machine.architecture);
  const failed: { accelerator: Accelerator; reason: string; fresh: boolean }[] = [];
  for (const accelerator of accelerators.filter((candidate) => parts.only?.includes(candidate) ?? true)) {
    const emulated = accelerator === 'tcg';
    const known = emulated ? undefined : await memory.verdict(key, accelerator);
    if (known?.verdict === 'refused') {
      failed.push({ accelerator, reason: known.reason, fresh: false });
      continue;
    }
    try {
      const onTrial = !emulated && known === undefined;
      const { hypervisor, startedAt } = await startOn(machine, accelerator, kvmGid, onTrial, state, parts, work);
      if (onTrial) await memory.remember(key, accelerator, 'proven', 'a guest came up');
      if (emulated) rememberRefusals(hypervisor, failed.filter(({ fresh }) => fresh), key, parts);
      const notice = emulated ? emulationNotice(obstacle, failed) : null;
      return { hypervisor, accelerator, startedAt, notice: notice !== null && await memory.tellOnce(key, notice) ? notice : null };
    } catch (error) {
      const stop = emulated || work.signal.aborted || !(error instanceof HoldfastError) || error.code !== 'machine-failed';
      if (stop) throw error;
      parts.log('accelerator', `${machine.name}: ${accelerator} does not carry the guest: ${error.message}`);
      failed.push({ accelerator, reason: error.message, fresh: true });
    }
  }
  throw fail('no-accelerator', `${machine.name} cannot be started: ${failed.map(({ accelerator, reason }) => `${accelerator}: ${reason}`).join('; ')}`, { hint: 'examine this host: holdfast doctor' });
}

async function startOn(
  machine: MachineSpec, accelerator: Accelerator, kvmGid: number | undefined, onTrial: boolean, state: MachineState, parts: StartParts, work: Work,
): Promise<{ hypervisor: Hypervisor; startedAt: string }> {
  const { files, log } = parts;
  await using below = await parts.openBase(FIRST_DESCRIPTOR);
  await using started = new AsyncDisposableStack();
  const native = started.use(await sharesOf(machine, files, state));
  const command = machineCommand(machine, files, {
    machineType: state.machineType, accelerator, memory: memoryOf(parts.ramPath, native.shares), cards: parts.cards, shares: native.shares, base: below.base, incoming: false,
  });
  const { identity, exited, monitor } = await launch({
    ...command, files, uid: state.uid, gid: accelerator === 'kvm' ? kvmGid : undefined, signal: work.signal, descriptors: below.descriptors, prepare: () => native.start(),
  }).catch(async (error: unknown) => {
    throw await native.blame(error);
  });
  const hypervisor = await Hypervisor.attach({
    name: machine.name, uuid: machineUuid(machine.id), files, identity, monitor, exited, log, record: (end) => recordEnd(files.state, identity, end),
  }).catch(async (error: unknown) => {
    await signalProcess(identity, 'SIGKILL');
    await waitForEnd(identity, 5_000);
    throw error;
  });
  try {
    const startedAt = new Date().toISOString();
    const run = { ...identity, bootId: (await hostBootId()) ?? null, startedAt, accelerator, settled: !onTrial, end: null };
    // What boots has its card from the start, also where a fork ended before it got one.
    const { shares: _, ...rest } = state;
    const settled = { ...rest, unsettled: false, ...(native.recorded.length === 0 ? {} : { shares: native.recorded }) };
    await changeState(files.state, () => ({ ...settled, run }));
    await monitor.execute('cont');
    if (onTrial) {
      work.progress(`Trying ${accelerator}`);
      await awaitLife(hypervisor, accelerator, work.signal);
      await changeRun(files.state, run, (now) => ({ ...now, settled: true }));
    }
    started.move();
    return { hypervisor, startedAt };
  } catch (error) {
    await hypervisor.kill();
    await changeState(files.state, () => ({ ...state, run: null }));
    throw error;
  }
}

/** Servers of files read what is to be sent, and write what was asked for, in the guest's memory itself. */
function memoryOf(ramPath: string | undefined, shares: readonly NativeShare[]): Memory {
  if (ramPath !== undefined) return { kind: 'template', path: ramPath };
  return { kind: shares.some(({ filesystem }) => filesystem === 'virtiofs') ? 'shared' : 'own' };
}

/** Only when emulation carries the guest that the others did not: otherwise it may be the image. */
function rememberRefusals(
  hypervisor: Hypervisor, refused: readonly { accelerator: Accelerator; reason: string }[], key: string, { memory, log }: StartParts,
): void {
  if (refused.length === 0) return;
  void hypervisor.signOfLife
    .then(() => Promise.all(refused.map(({ accelerator, reason }) => memory.remember(key, accelerator, 'refused', reason))))
    .catch((error: unknown) => log('accelerator', `the finding could not be kept: ${String(error)}`));
}

function emulationNotice(obstacle: string | undefined, failed: readonly { accelerator: Accelerator; reason: string }[]): string {
  const why = obstacle ?? failed.map(({ accelerator, reason }) => `${accelerator} does not carry a guest here (${reason})`).join('; ');
  return `Machines are emulated, which is slow: ${why}`;
}
