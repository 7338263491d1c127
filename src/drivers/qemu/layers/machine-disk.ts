/** A machine's disk is frozen into a layer, or begins anew above one. Each step can be done again after an interruption. */
import { chmod, chown, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail } from '../../../core/errors.ts';
import type { DiskBase } from '../command-line/input.ts';
import { makeOverlay, requireFree, virtualSize } from '../disk.ts';
import type { MachineFiles } from '../layout.ts';
import { readState, writeState, type MachineState } from '../state-file.ts';
import type { LayerStore } from './layer-store.ts';

export interface DiskParts {
  readonly files: MachineFiles;
  readonly layers: LayerStore;
  readonly image: DiskBase;
}

/** What the disk holds becomes the layer; the machine goes on in an empty disk above it. @throws no-space: nothing is changed then */
export async function freezeDisk(name: string, layer: string, { files, layers, image }: DiskParts, signal: AbortSignal): Promise<void> {
  const state = await requireState(name, files);
  if (state.layer === layer) return;
  const fresh = `${files.disk}.above`;
  if (!(await layers.has(layer))) {
    await requireFree(dirname(files.disk));
    const bytes = await virtualSize(files.disk, 'qcow2', signal);
    await writeState(files.state, { ...state, freezing: layer });
    // Made first: where there is no space for it, nothing has happened yet.
    await makeOverlay(fresh, { path: layers.files(layer).disk, format: 'qcow2', backing: image }, bytes, signal);
    await layers.take(layer, files.disk, state.layer ?? undefined);
  }
  if (await exists(fresh)) await putInPlace(fresh, files, state);
  const { freezing: _, ...frozen } = state;
  await writeState(files.state, { ...frozen, layer, fork: null });
}

/** What the disk holds is given up: it is as the layer is. @throws no-space: nothing is changed then */
export async function revertDisk(name: string, layer: string, { files, layers, image }: DiskParts, signal: AbortSignal): Promise<void> {
  const state = await requireState(name, files);
  if (!(await layers.has(layer))) throw fail('machine-failed', `what ${name} is to go back to is gone`);
  await requireFree(dirname(files.disk));
  const fresh = `${files.disk}.above`;
  const below = layers.files(layer).disk;
  await makeOverlay(fresh, { path: below, format: 'qcow2', backing: image }, await virtualSize(below, 'qcow2', signal), signal);
  // From here on the old disk is not the machine's any more, whatever lies under its name.
  const reverted = { ...state, layer, fork: null, suspended: null, reverting: true, run: null };
  await writeState(files.state, reverted);
  await putInPlace(fresh, files, reverted);
  await writeState(files.state, { ...reverted, reverting: false });
}

/** Ends what an earlier daemon began and was killed over. */
export async function endReverting(files: MachineFiles): Promise<void> {
  const state = await readState(files.state);
  if (!state?.reverting) return;
  if (await exists(`${files.disk}.above`)) await putInPlace(`${files.disk}.above`, files, state);
  await writeState(files.state, { ...state, reverting: false });
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

function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}
