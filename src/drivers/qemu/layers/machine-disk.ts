/** A machine's disk is frozen into a layer, or begins anew above one. Each step can be done again after an interruption. */
import { chmod, chown, link, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fail } from '../../../core/errors.ts';
import { exists } from '../../../host/exists.ts';
import type { DiskBase } from '../command-line/input.ts';
import { makeOverlay, requireFree, virtualSize } from '../disk.ts';
import type { MachineFiles } from '../layout.ts';
import { changeState, readState, type MachineState } from '../state-file.ts';
import { suspendedPath } from '../suspend.ts';
import type { LayerStore } from './layer-store.ts';

export interface DiskParts {
  readonly files: MachineFiles;
  readonly layers: LayerStore;
  readonly image: DiskBase;
}

/** The file that a machine which was frozen while it ran writes to, as QEMU has it open. */
export function diskAbove(files: MachineFiles, layer: string): string {
  return `${files.disk}-${layer}`;
}

export function diskNow(files: MachineFiles, { diskAbove: layer }: MachineState): string {
  return layer === undefined ? files.disk : diskAbove(files, layer);
}

/** Of a machine that does not run: its disk has its usual name again. */
export async function putInOrder(files: MachineFiles): Promise<void> {
  const state = await readState(files.state);
  if (state?.diskAbove === undefined) return;
  const now = diskNow(files, state);
  // What has that name is a layer, and stays one.
  if (await exists(now)) await rename(now, files.disk);
  await changeState(files.state, ({ diskAbove: _diskAbove, ...rest }) => rest);
  for (const name of await readdir(files.directory)) if (name.startsWith(`${basename(files.disk)}-`)) await rm(join(files.directory, name));
}

/** What the disk holds becomes the layer; the machine goes on in an empty disk above it. @throws no-space: nothing is changed then */
export async function freezeDisk(name: string, layer: string, { files, layers, image }: DiskParts, signal: AbortSignal): Promise<void> {
  const state = await requireState(name, files);
  if (state.layer === layer) return;
  const fresh = `${files.disk}.above`;
  if (!(await layers.has(layer))) {
    await requireFree(dirname(files.disk));
    const bytes = await virtualSize(files.disk, 'qcow2');
    await changeState(files.state, (now) => ({ ...now, freezing: layer }));
    // Made first: where there is no space for it, nothing has happened yet.
    await makeOverlay(fresh, { path: layers.files(layer).disk, format: 'qcow2', backing: image }, bytes, signal);
    await layers.take(layer, files.disk, state.layer ?? undefined);
  }
  if (await exists(fresh)) await putInPlace(fresh, files, state);
  await changeState(files.state, ({ freezing: _freezing, ...frozen }) => ({ ...frozen, layer, fork: null }));
}

/**
 * What the disk holds is given up: it is as the layer is. A layer with memory makes it a suspended machine.
 * @returns whether it is one  @throws no-space: nothing is changed then
 */
export async function revertDisk(name: string, layer: string, { files, layers, image }: DiskParts, signal: AbortSignal): Promise<boolean> {
  await requireState(name, files);
  if (!(await layers.has(layer))) throw fail('machine-failed', `what ${name} is to go back to is gone`);
  await requireFree(dirname(files.disk));
  const fresh = `${files.disk}.above`;
  const below = layers.files(layer).disk;
  await makeOverlay(fresh, { path: below, format: 'qcow2', backing: image }, await virtualSize(below, 'qcow2'), signal);
  // From here on the old disk is not the machine's any more, whatever lies under its name.
  await changeState(files.state, (now) => ({ ...now, layer, fork: null, suspended: null, reverting: true, run: null }));
  await endReverting(files, layers);
  return await layers.memoryOf(layer) !== undefined;
}

/** Also ends what an earlier daemon began and was killed over. */
export async function endReverting(files: MachineFiles, layers: LayerStore): Promise<void> {
  const state = await readState(files.state);
  if (!state?.reverting || state.layer === undefined) return;
  if (await exists(`${files.disk}.above`)) await putInPlace(`${files.disk}.above`, files, state);
  const saved = await layers.memoryOf(state.layer);
  await rm(suspendedPath(files), { force: true });
  if (saved) await lendMemory(layers.files(state.layer).memory, suspendedPath(files), state);
  await changeState(files.state, (now) => ({ ...now, reverting: false, suspended: saved ?? null }));
}

/** The same file under another name: its start removes that name only, and nobody writes to it. */
async function lendMemory(memory: string, to: string, { uid }: MachineState): Promise<void> {
  await chmod(memory, 0o400);
  if (uid !== null) await chown(memory, uid, uid);
  await link(memory, to);
}

async function putInPlace(fresh: string, files: MachineFiles, { uid }: MachineState): Promise<void> {
  await chmod(fresh, 0o600);
  if (uid !== null) await chown(fresh, uid, uid);
  await rename(fresh, files.disk);
}

async function requireState(name: string, files: MachineFiles): Promise<MachineState> {
  const state = await readState(files.state);
  if (state === undefined) throw fail('machine-failed', `${name} has no machine: its files are gone`, { hint: `delete it: holdfast delete --purge ${name}` });
  return state;
}
