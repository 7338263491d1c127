/** Lays down what a machine needs before its first start: keys, disk, seed, state, in files that its identity may use. */
import { constants } from 'node:fs';
import { chmod, chown, copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { fail, HoldfastError } from '../../core/errors.ts';
import { exists } from '../../host/exists.ts';
import { ensureInstanceKeys } from '../../host/keys.ts';
import type { MachineSpec, Work } from '../driver.ts';
import { findFirmware, newestMachineType } from './binary.ts';
import { ensureOverlay, requireFree, type DiskPath } from './disk.ts';
import type { WriteSeed } from './hold-guest.ts';
import { machineUid, requireReachable, type IdentityPolicy } from './identity.ts';
import type { LayerStore } from './layers/layer-store.ts';
import type { MachineFiles } from './layout.ts';
import { readState, writeState } from './state-file.ts';
import type { Template } from './template/store.ts';

export interface CreateParts {
  readonly files: MachineFiles;
  readonly image: DiskPath;
  readonly layers: LayerStore;
  readonly identity: IdentityPolicy;
  readonly writeSeed: WriteSeed;
  /** Whose disk and memory it begins with. */
  readonly template?: Template | undefined;
  /** What its disk begins with. */
  readonly layer?: string | undefined;
}

/** Each step is skipped when its result is there; the state file is written last and says that all of it is. */
export async function createMachine(machine: MachineSpec, { files, image, layers, identity, writeSeed, template, layer }: CreateParts, { signal, progress }: Work): Promise<void> {
  if (await readState(files.state) !== undefined) return;
  try {
    const uid = machineUid(machine.id, identity);
    await mkdir(files.directory, { recursive: true, mode: 0o711 });
    // Passable for the machine's own identity, which may list nothing in it; as the daemon's own user nobody else has to pass.
    await chmod(files.directory, uid === null ? 0o700 : 0o711);
    await requireReachable(image.path, uid);
    await requireFree(files.directory);
    const machineType = template?.record.shape.machineType ?? await newestMachineType(machine.architecture);
    progress('Preparing the disk');
    if (template) await copyWhole(template.files.disk, files.disk);
    else await ensureOverlay(files.disk, layer === undefined ? image : { path: layers.files(layer).disk, format: 'qcow2' }, machine.spec.diskBytes, signal);
    const firmware = findFirmware(machine.architecture);
    if (firmware !== undefined) await copyWhole(firmware.variables, files.firmwareVariables);
    progress('Writing the seed');
    const keys = await ensureInstanceKeys(files.keys);
    if (!(await exists(files.seed))) await writeSeed(machine, keys, files.seed, signal);
    await own(files.disk, uid, 0o600);
    await own(files.seed, uid, 0o400);
    if (firmware !== undefined) await own(files.firmwareVariables, uid, 0o600);
    await requireReachable(files.disk, uid);
    signal.throwIfAborted();
    await writeState(files.state, { version: 1, machineType, layout: 1, uid, ...(template ? { fork: template.key, forkMadeAt: template.record.createdAt } : {}), ...(layer === undefined ? {} : { layer }), run: null });
  } catch (error) {
    await rm(files.directory, { recursive: true, force: true });
    throw asOurs(error, machine.name, signal);
  }
}

function asOurs(error: unknown, name: string, signal: AbortSignal): unknown {
  if (error instanceof HoldfastError) return error;
  if (signal.aborted) return fail('cancelled', `creating ${name} was cancelled`, { cause: error });
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return fail('no-space', `${name} cannot be created: ${message}`, { hint: 'free some disk space and try again', cause: error });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return fail('no-rights', `${name} cannot be created: ${message}`, { cause: error });
  return error;
}

async function own(path: string, uid: number | null, mode: number): Promise<void> {
  await chmod(path, mode);
  if (uid !== null) await chown(path, uid, uid);
}

async function copyWhole(from: string, to: string): Promise<void> {
  if (await exists(to)) return;
  await copyFile(from, `${to}.tmp`, constants.COPYFILE_FICLONE);
  await rename(`${to}.tmp`, to);
}
