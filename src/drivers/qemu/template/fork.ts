/** Starts a machine from a template's memory, and gives its guest an identity before anybody sees it. */
import { chmod, open } from 'node:fs/promises';
import { fail } from '../../../core/errors.ts';
import type { InstanceKeys } from '../../../host/keys.ts';
import type { MachineSpec, Work } from '../../driver.ts';
import { qemuVersion } from '../binary.ts';
import type { Card, Memory } from '../command-line/input.ts';
import type { ThawGuest } from '../hold-guest.ts';
import type { Hypervisor } from '../hypervisor.ts';
import { machineIdOf } from '../identity.ts';
import { startIncoming } from '../incoming.ts';
import { FIRST_DESCRIPTOR } from '../launch.ts';
import type { OpenDiskBase } from '../layers/layer-store.ts';
import type { MachineFiles } from '../layout.ts';
import type { Started } from '../start.ts';
import type { MachineState } from '../state-file.ts';
import type { SealedMemories } from './sealed-memory.ts';
import { isAtLeast, loadState } from '../state-transfer.ts';
import type { Template } from './store.ts';

export interface ForkParts {
  readonly files: MachineFiles;
  readonly openBase: OpenDiskBase;
  readonly state: MachineState;
  readonly template: Template;
  readonly templateKeys: InstanceKeys;
  readonly keys: InstanceKeys;
  readonly sealed: SealedMemories;
  readonly thaw: ThawGuest;
  readonly kvmGid: number | undefined;
  readonly cards: readonly Card[];
  readonly log: (cause: string, message: string) => void;
}

/** @throws whatever went wrong; nothing runs then */
export async function startFork(machine: MachineSpec, parts: ForkParts, work: Work): Promise<Started> {
  const { files, openBase, state, template, kvmGid, cards, log } = parts;
  const { forkMadeAt: _, ...begun } = state;
  await using saved = await open(template.files.state, 'r');
  await using resources = new AsyncDisposableStack();
  const { memory, descriptors } = await memoryOf(parts, resources);
  work.progress('Starting QEMU');
  return await startIncoming(machine, {
    files, openBase, state, accelerator: template.record.shape.accelerator, memory, template: template.key, kvmGid, cards, log, descriptors: [saved.fd, ...descriptors],
    load: (monitor) => loadState(monitor, { kind: 'device-stream', descriptor: FIRST_DESCRIPTOR, memoryBytes: machine.spec.memoryBytes }),
    arrive: async (hypervisor, settle) => {
      await arrive(machine, parts, hypervisor, work);
      await settle();
    },
    arrived: { ...begun, fork: null, unsettled: true },
  }, work);
}

async function arrive(machine: MachineSpec, { template, templateKeys, keys, thaw }: ForkParts, { lanes, monitor }: Hypervisor, { signal, progress }: Work): Promise<void> {
  progress('Setting its identity');
  const { identity, diskBytes } = template.record;
  const grows = machine.spec.diskBytes > diskBytes;
  if (grows) await monitor.execute('block_resize', { 'node-name': 'disk', size: machine.spec.diskBytes });
  await monitor.execute('cont');
  await thaw(lanes, {
    template: { ...identity, keys: templateKeys },
    fork: { name: machine.name, instanceId: machine.instanceId, mac: machine.spec.mac, keys },
    machineId: machineIdOf(machine.id),
    timezone: machine.timezone, anew: machine.userData !== undefined, grows,
  }, signal);
}

/** Who may write the template's memory: docs/decisions/templates.md. @param resources  what stays open until QEMU has it */
async function memoryOf({ template, state, sealed }: ForkParts, resources: AsyncDisposableStack): Promise<{ memory: Memory; descriptors: readonly number[] }> {
  const { files: { ram }, record: { shape } } = template;
  if (isAtLeast(await qemuVersion(shape.architecture), 8, 2)) return { memory: { kind: 'fork', path: ram, readOnly: true }, descriptors: [] };
  if (state.uid === null) {
    // The same user owns all machines then, and could write to the file whatever QEMU does; it has no rights but the file's.
    await chmod(ram, 0o600);
    return { memory: { kind: 'fork', path: ram, readOnly: false }, descriptors: [] };
  }
  if (process.platform !== 'linux') throw fail('machine-failed', 'this QEMU cannot be given a template\'s memory that it may not write to');
  const { fd } = resources.use(await sealed.use(template));
  return { memory: { kind: 'fork', path: `/proc/self/fd/${FIRST_DESCRIPTOR + 1}`, readOnly: false }, descriptors: [fd] };
}
