/** Directories that others may still be writing into when they are removed. */
import { rename, rm } from 'node:fs/promises';

const MARK = '.gone';

/**
 * Removes it whole. It loses its name first, so a program that still writes by that name writes nothing, instead of
 * filling a directory that is being emptied. What a crash leaves of a removal is taken by removing it again.
 */
export async function removeDirectory(path: string): Promise<void> {
  const gone = `${path}${MARK}`;
  await rm(gone, { recursive: true, force: true });
  try {
    await rename(path, gone);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  await rm(gone, { recursive: true, force: true });
}

/** @returns the name it had before its removal began */
export function nameBeforeRemoval(name: string): string {
  return name.endsWith(MARK) ? name.slice(0, -MARK.length) : name;
}
