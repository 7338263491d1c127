/** Files that are read while they are written anew. */
import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { fail } from '../core/errors.ts';

/** Readers see the old content or the new, never a part. @param mode  0644 for what a program of another user reads  @throws no-space, home-unusable, and what the file system says */
export async function writeWhole(path: string, content: string, mode = 0o600): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, content, { mode, flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') return fail('no-space', `no space is left to write ${path}`, { hint: 'free some: holdfast delete --purge what is not needed, holdfast template list', cause: error });
  if (code === 'EROFS') return fail('home-unusable', `${path} cannot be written: its file system is read-only`, { hint: 'see why: dmesg', cause: error });
  return error;
}
