/**
 * Freezes the disk of a machine that runs, together with its memory. The guest stands still for it: its disk becomes a layer,
 * it gets an empty one above, its memory is saved, and it goes on. What it had open stays open.
 *
 * No file gets another name while QEMU runs: it opens a disk again by its name when that becomes read only, and would take
 * what has the name by then. The layer is another name for the same file; the rest is put in order before the next start.
 */
import { chmod, chown, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../../core/errors.ts';
import { exists } from '../../../host/exists.ts';
import type { MachineSpec } from '../../driver.ts';
import { qemuVersion } from '../binary.ts';
import { makeOverlay, requireFree, virtualSize } from '../disk.ts';
import type { MachineFiles } from '../layout.ts';
import type { QemuMachine } from '../machine.ts';
import type { QmpClient } from '../qmp/client.ts';
import { changeState, readState, type MachineState } from '../state-file.ts';
import { goOn, holdStill, memoryFormat, requireUncrashed, saveState, type SavedMachine } from '../state-transfer.ts';
import { untilWhole } from '../suspend.ts';
import type { LayerStore } from './layer-store.ts';
import { diskAbove, diskNow, type DiskParts } from './machine-disk.ts';

/** Other machines' disks wait for it meanwhile. */
const FLUSH_MS = 30_000;
const KEPT = 'kept with its memory';

const nodeOf = (layer: string): string => `above-${layer}`;
const savedPath = (files: MachineFiles): string => join(files.directory, 'live');

/** @param inTurn  nobody else changes which layers there are meanwhile; a wait for it ends with the signal  @throws no-space, machine-failed, cancelled: the guest goes on */
export async function freezeLive(
  machine: MachineSpec, { hypervisor, whole }: QemuMachine, layer: string, { files, layers, image }: DiskParts, inTurn: (work: () => Promise<void>) => Promise<void>, signal: AbortSignal,
): Promise<void> {
  await untilWhole(machine.name, KEPT, whole, signal);
  // Of one before, where there was no space even to put it in order.
  await endLive(files, layers, hypervisor);
  const state = await readState(files.state);
  if (!state?.run) throw fail('machine-failed', `${machine.name} does not run`);
  if (await layers.memoryOf(layer)) return;
  // The guest has gone on since: its memory and this disk do not belong together any more.
  if (await layers.has(layer)) throw fail('machine-failed', `the snapshot of ${machine.name} was interrupted`, { hint: 'take it again' });
  await requireFree(files.directory);
  const format = memoryFormat(await qemuVersion(machine.architecture));
  // The same from here on: where it is lost the guest is let go on as soon as there is another.
  const { monitor } = hypervisor;
  await changeState(files.state, (now) => ({ ...now, live: layer }));
  try {
    await makeAbove(layer, state, { files, layers, image }, signal);
    // The turn first: the guest does not stand still for another machine's.
    await inTurn(async () => {
      await holdStill(monitor, FLUSH_MS);
      await requireUncrashed(machine.name, KEPT, hypervisor);
      // From here on a sweep finds the layer in the machine's record.
      await switchDisk(monitor, layer, state, { files, layers });
    });
    await saveState(monitor, { kind: format, path: savedPath(files), socketPath: files.run.migration, uid: state.uid, memoryBytes: machine.spec.memoryBytes });
    await requireUncrashed(machine.name, KEPT, hypervisor);
    await layers.keepMemory(layer, savedPath(files), { format, accelerator: state.run.accelerator, cpus: machine.spec.cpus, memoryBytes: machine.spec.memoryBytes });
  } catch (error) {
    // What cannot be put in order now is recorded, and put in order later.
    await endLive(files, layers, hypervisor).catch(() => undefined);
    throw error;
  }
  await endLive(files, layers, hypervisor);
}

/**
 * What one that failed, or a daemon that was killed over it, left: the guest goes on, unless it crashed, and its disk is the one or the other.
 * @param running  where its process runs  @throws where that cannot be told or recorded now: the record says still that there is something to end
 */
export async function endLive(files: MachineFiles, layers: LayerStore, running: SavedMachine | undefined): Promise<void> {
  const state = await readState(files.state);
  if (state?.live === undefined) return;
  try {
    if (state.layer !== state.live) await settleOrClear(state.live, state, { files, layers }, running?.monitor);
  } finally {
    if (running) await goOn(running);
  }
  await rm(savedPath(files), { force: true });
  await changeState(files.state, ({ live: _live, ...rest }) => rest);
}

async function settleOrClear(layer: string, state: MachineState, { files, layers }: Pick<DiskParts, 'files' | 'layers'>, monitor: QmpClient | undefined): Promise<void> {
  // An empty disk above is as good as none: of a machine that does not run it need not be known whether it was in use.
  const isSwitched = monitor === undefined ? await exists(diskAbove(files, layer)) : await activeNode(monitor) === nodeOf(layer);
  if (isSwitched) await settle(layer, state, { files, layers });
  else await rm(diskAbove(files, layer), { force: true });
}

/** What lies below need not be there yet. */
async function makeAbove(layer: string, state: MachineState, { files, layers, image }: DiskParts, signal: AbortSignal): Promise<void> {
  const fresh = diskAbove(files, layer);
  await makeOverlay(fresh, { path: layers.files(layer).disk, format: 'qcow2', backing: image }, await virtualSize(diskNow(files, state), 'qcow2'), signal);
  await chmod(fresh, 0o600);
  if (state.uid !== null) await chown(fresh, state.uid, state.uid);
}

async function switchDisk(monitor: QmpClient, layer: string, state: MachineState, parts: Pick<DiskParts, 'files' | 'layers'>): Promise<void> {
  const fresh = diskAbove(parts.files, layer);
  const node = nodeOf(layer);
  await monitor.execute('blockdev-add', { driver: 'qcow2', 'node-name': node, discard: 'unmap', backing: null, file: { driver: 'file', filename: fresh, discard: 'unmap' } });
  try {
    await monitor.execute('blockdev-snapshot', { node: await activeNode(monitor), overlay: node });
  } catch (error) {
    await monitor.execute('blockdev-del', { 'node-name': node });
    await rm(fresh, { force: true });
    throw error;
  }
  await settle(layer, state, parts);
}

/** What QEMU has done already is recorded. */
async function settle(layer: string, state: MachineState, { files, layers }: Pick<DiskParts, 'files' | 'layers'>): Promise<void> {
  if (!(await layers.has(layer))) await layers.take(layer, diskNow(files, state), state.layer, 'link');
  await changeState(files.state, (now) => ({ ...now, layer, live: layer, diskAbove: layer }));
}

async function activeNode(monitor: QmpClient): Promise<string> {
  const disk = (await monitor.execute('query-block')).find(({ qdev }) => qdev === 'disk');
  if (disk?.inserted === undefined) throw fail('machine-failed', 'QEMU does not tell which disk it writes to');
  return disk.inserted['node-name'];
}
