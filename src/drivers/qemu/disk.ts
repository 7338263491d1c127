/** The machine's disk: a qcow2 overlay on a read-only image. Formats are always said, never guessed from content. */
import { open, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail } from '../../core/errors.ts';
import { isQcow2, readQcow2 } from '../../core/qcow2-header.ts';
import { run } from '../../host/process/run.ts';
import type { DiskBase } from './command-line/input.ts';

/** Below this an overlay could not even take a first boot. */
const LEAST_FREE_BYTES = 256 * 1024 * 1024;
const DEADLINE_MS = 60_000;
const SECTOR_BYTES = 512;
/** Of a qcow2, its header with all that belongs to it. */
const HEAD_BYTES = 64 * 1024;
/** As for images (images/verify/check-qcow2.ts). */
const LIMITS = [`--as=${4 * 1024 ** 3}`, '--cpu=60', '--core=0'];

export type DiskPath = Extract<DiskBase, { readonly path: string }>;

/** Nothing when it is there already; a whole disk or none otherwise. @throws no-space, tool-missing, machine-failed */
export async function ensureOverlay(
  path: string, base: DiskPath, diskBytes: number, signal: AbortSignal,
): Promise<void> {
  if (await stat(path).then(() => true, () => false)) return;
  await requireFree(dirname(path));
  await makeOverlay(path, base, Math.max(diskBytes, await virtualSize(base.path, base.format)), signal);
}

/** What is below need not be there yet. */
export async function makeOverlay(path: string, base: DiskPath, sizeBytes: number, signal: AbortSignal): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await rm(temporary, { force: true });
    const args = ['create', '-q', '-f', 'qcow2', '-u', '-F', base.format, '-b', base.path, temporary, String(sizeBytes)];
    await run({ tool: 'qemu-img', args, package: 'qemu-utils', deadlineMs: DEADLINE_MS, signal });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Grows only: a disk that is already as large is left as it is. Its guest, and a QEMU that was broken out of, could write there what
 * they liked: it is opened with its machine's rights, and what it says it lies on is not. Nothing below is larger.
 * @param uid  its machine's; null: the daemon's own
 */
export async function growOverlay(path: string, diskBytes: number, uid: number | null, signal: AbortSignal): Promise<void> {
  if (await virtualSize(path, 'qcow2') >= diskBytes) return;
  const node = { driver: 'qcow2', file: { driver: 'file', filename: path }, backing: null };
  const resize = ['qemu-img', 'resize', '-q', `json:${JSON.stringify(node)}`, String(diskBytes)];
  const [tool = '', ...args] = process.platform === 'linux' ? ['prlimit', ...LIMITS, '--', ...resize] : resize;
  await run({ tool, args, package: 'util-linux', deadlineMs: DEADLINE_MS, cwd: '/', signal, ...(uid === null ? {} : { uid, gid: uid }) });
}

/** In bytes, as the guest sees it, read without a parser that could be attacked. @throws machine-failed  its header says what none of ours does */
export async function virtualSize(path: string, format: 'qcow2' | 'raw'): Promise<number> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  if (format === 'raw') return Math.ceil(size / SECTOR_BYTES) * SECTOR_BYTES;
  const head = Buffer.alloc(HEAD_BYTES);
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  const found = head.subarray(0, bytesRead);
  const verdict = isQcow2(found) ? readQcow2(found, size, 'named') : { reason: 'is no qcow2' };
  if ('reason' in verdict) throw fail('machine-failed', `the disk ${path} ${verdict.reason}`);
  return verdict.image.virtualSizeBytes;
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
