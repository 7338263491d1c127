/** The machine's disk: a qcow2 overlay on a read-only image. Formats are always said, never guessed from content. */
import { rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail } from '../../core/errors.ts';
import { run } from '../../host/process/run.ts';
import { overlayNode } from './command-line/devices.ts';
import type { DiskBase } from './command-line/input.ts';

/** Below this an overlay could not even take a first boot. */
const LEAST_FREE_BYTES = 256 * 1024 * 1024;
const DEADLINE_MS = 60_000;

export type DiskPath = Extract<DiskBase, { readonly path: string }>;

/** Nothing when it is there already; a whole disk or none otherwise. @throws no-space, tool-missing, machine-failed */
export async function ensureOverlay(
  path: string, base: DiskPath, diskBytes: number, signal: AbortSignal,
): Promise<void> {
  if (await stat(path).then(() => true, () => false)) return;
  await requireFree(dirname(path));
  await makeOverlay(path, base, Math.max(diskBytes, await virtualSize(base.path, base.format, signal)), signal);
}

/** What is below need not be there yet. */
export async function makeOverlay(path: string, base: DiskPath, sizeBytes: number, signal: AbortSignal): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await rm(temporary, { force: true });
    await qemuImg(['create', '-q', '-f', 'qcow2', '-u', '-F', base.format, '-b', base.path, temporary, String(sizeBytes)], signal);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Grows only: a disk that is already as large is left as it is. */
export async function growOverlay(path: string, base: DiskBase, diskBytes: number, signal: AbortSignal): Promise<void> {
  if (await virtualSize(path, 'qcow2', signal) >= diskBytes) return;
  // It opens what is below, where that lies now: a home may have been moved since the overlay was made.
  await qemuImg(['resize', '-q', `json:${JSON.stringify(overlayNode(path, base))}`, String(diskBytes)], signal);
}

/** In bytes, as the guest sees it. The header alone is read: whether a backing file is there does not matter. */
export async function virtualSize(path: string, format: 'qcow2' | 'raw', signal: AbortSignal): Promise<number> {
  const { stdout } = await qemuImg(['info', '-U', '--output=json', '-f', format, path], signal);
  const size = (JSON.parse(stdout) as { 'virtual-size'?: unknown })['virtual-size'];
  if (typeof size !== 'number') throw fail('machine-failed', `qemu-img does not tell the size of ${path}`);
  return size;
}

/** @param more  bytes, beyond what any machine needs  @param what  that needs them  @throws no-space */
export async function requireFree(directory: string, more = 0, what = 'a machine'): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  const needed = LEAST_FREE_BYTES + more;
  if (free >= needed) return;
  throw fail('no-space', `${directory} has ${Math.floor(free / 1024 / 1024)} MiB left, ${what} needs at least ${Math.ceil(needed / 1024 / 1024)} MiB`, {
    hint: 'free some disk space, for example: holdfast purge',
  });
}

function qemuImg(args: readonly string[], signal: AbortSignal) {
  return run({ tool: 'qemu-img', args, package: 'qemu-utils', deadlineMs: DEADLINE_MS, signal });
}
