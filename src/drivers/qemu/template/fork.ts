/** Starts a machine from a template's memory, and gives its guest an identity before anybody sees it. */
import { open } from 'node:fs/promises';
import { fail } from '../../../core/errors.ts';
import { userSubnet } from '../../../core/subnets.ts';
import { hostBootId, signalProcess, waitForEnd } from '../../../host/process/identity.ts';
import type { InstanceKeys } from '../../../host/keys.ts';
import type { MachineSpec, Work } from '../../driver.ts';
import { BINARIES, qemuVersion } from '../binary.ts';
import { commandLine } from '../command-line/command-line.ts';
import { cardDevice } from '../command-line/devices.ts';
import type { Memory } from '../command-line/input.ts';
import type { ThawGuest } from '../hold-guest.ts';
import { Hypervisor } from '../hypervisor.ts';
import { machineUuid } from '../identity.ts';
import { launch } from '../launch.ts';
import type { MachineFiles } from '../layout.ts';
import type { Started } from '../start.ts';
import { recordEnd, writeState, type MachineState } from '../state-file.ts';
import type { SealedMemories } from './sealed-memory.ts';
import { loadState } from './state-transfer.ts';
import type { Template } from './store.ts';

export interface ForkParts {
  readonly files: MachineFiles;
  readonly state: MachineState;
  readonly template: Template;
  readonly templateKeys: InstanceKeys;
  readonly keys: InstanceKeys;
  readonly sealed: SealedMemories;
  readonly thaw: ThawGuest;
  readonly kvmGid: number | undefined;
  readonly log: (cause: string, message: string) => void;
}

/** @throws whatever went wrong; nothing runs then */
export async function startFork(machine: MachineSpec, parts: ForkParts, work: Work): Promise<Started> {
  const { files, state, template, kvmGid, log } = parts;
  const { shape } = template.record;
  const { tool, package: brings } = BINARIES[machine.architecture];
  work.progress('Starting QEMU');
  await using given = await memoryOf(parts);
  await using saved = await open(template.files.state, 'r');
  const args = commandLine({
    architecture: machine.architecture, accelerator: shape.accelerator, hostSystem: process.platform === 'darwin' ? 'darwin' : 'linux',
    machineType: shape.machineType, name: machine.name, uuid: machineUuid(machine.id), cpus: shape.cpus,
    memoryBytes: shape.memoryBytes, memory: given.memory, mac: machine.spec.mac, subnet: userSubnet(machine.spec.subnetIndex),
    disk: files.disk, seed: files.seed, sockets: files.run, firmware: undefined,
  });
  const { identity, exited, monitor } = await launch({
    tool, package: brings, args, files, uid: state.uid, gid: shape.accelerator === 'kvm' ? kvmGid : undefined, signal: work.signal,
    descriptors: [saved.fd, ...given.descriptors],
  });
  let hypervisor: Hypervisor | undefined;
  try {
    const startedAt = new Date().toISOString();
    // Not settled: a daemon that finds it so ends it, since it may still be the template.
    const run = { ...identity, bootId: (await hostBootId()) ?? null, startedAt, accelerator: shape.accelerator, settled: false, end: null };
    await writeState(files.state, { ...state, run });
    work.progress('Loading the state');
    await loadState(monitor, FIRST_DESCRIPTOR);
    hypervisor = await Hypervisor.attach({ name: machine.name, files, identity, monitor, exited, log, record: (end) => recordEnd(files.state, identity, end) });
    const grows = machine.spec.diskBytes > template.record.diskBytes;
    if (grows) await monitor.execute('block_resize', { 'node-name': 'disk', size: machine.spec.diskBytes });
    work.progress('Setting its identity');
    await monitor.execute('cont');
    await identify(machine, parts, hypervisor, grows, work.signal);
    await monitor.execute('device_add', cardDevice(machine.spec.mac));
    await writeState(files.state, { ...state, fork: null, run: { ...run, settled: true } });
    return { hypervisor, accelerator: shape.accelerator, startedAt, notice: null };
  } catch (error) {
    if (hypervisor) await hypervisor.kill();
    await signalProcess(identity, 'SIGKILL');
    await waitForEnd(identity, 5_000);
    await monitor[Symbol.asyncDispose]();
    await writeState(files.state, { ...state, run: null });
    throw error;
  }
}

/** The first that is given after the standard three: the saved state. */
const FIRST_DESCRIPTOR = 3;

async function identify(machine: MachineSpec, { template, templateKeys, keys, thaw }: ForkParts, { lanes }: Hypervisor, grows: boolean, signal: AbortSignal): Promise<void> {
  const { identity } = template.record;
  await thaw(lanes, {
    template: { ...identity, keys: templateKeys },
    fork: { name: machine.name, instanceId: machine.instanceId, mac: machine.spec.mac, keys },
    // As systemd does on a first boot under a hypervisor: the machine's own UUID.
    machineId: machineUuid(machine.id).replaceAll('-', ''),
    timezone: machine.timezone, anew: machine.userData !== undefined, grows,
  }, signal);
}

interface Given extends AsyncDisposable {
  readonly memory: Memory;
  readonly descriptors: readonly number[];
}

/** Who may write the template's memory: docs/decisions/templates.md. */
async function memoryOf({ template, state, sealed }: ForkParts): Promise<Given> {
  const { key, files: { ram }, record: { shape } } = template;
  const plain = (readOnly: boolean): Given => ({ memory: { kind: 'fork', path: ram, readOnly }, descriptors: [], async [Symbol.asyncDispose]() { /* nothing is held */ } });
  if (atLeast(await qemuVersion(shape.architecture), 8, 2)) return plain(true);
  // The same user owns all machines then, and could write to the file whatever QEMU does.
  if (state.uid === null) return plain(false);
  const handle = await sealed.of(key, ram);
  return { ...plain(false), memory: { kind: 'fork', path: `/proc/self/fd/${FIRST_DESCRIPTOR + 1}`, readOnly: false }, descriptors: [handle.fd] };
}

function atLeast(version: string, major: number, minor: number): boolean {
  const [a = 0, b = 0] = version.split('.').map(Number);
  if (Number.isNaN(a)) throw fail('machine-failed', `QEMU's version cannot be read: ${version}`);
  return a > major || (a === major && b >= minor);
}
