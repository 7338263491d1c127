/** What an image may take on the disk, wherever it comes from. */
import { statfs } from 'node:fs/promises';
import { fail, type HoldfastError } from '../core/errors.ts';

const GIB = 1024 ** 3;
/** Of one file. */
export const MOST_IMAGE_BYTES = 128 * GIB;
/** Must stay free on the disk: the daemon and the instances write there too. */
export const RESERVE_BYTES = GIB / 4;

/** @param needed  bytes  @param name  of what needs them  @throws no-space */
export async function requireFree(directory: string, needed: number, name: string, hint: string): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize >= needed) return;
  throw fail('no-space', `${name} does not fit: ${Math.floor((bavail * bsize) / 1024 ** 2)} MiB are free where images are kept, ${Math.ceil(needed / 1024 ** 2)} are needed`, { hint });
}

/** @returns how large a file in that directory may become */
export async function roomIn(directory: string, { mostBytes, reserveBytes }: { readonly mostBytes: number; readonly reserveBytes: number }): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return Math.max(0, Math.min(mostBytes, bavail * bsize - reserveBytes));
}

export function tooLarge(name: string, mostBytes: number): HoldfastError {
  return fail('image-refused', `${name} is larger than an image may be (${Math.floor(mostBytes / GIB)} GiB)`);
}
