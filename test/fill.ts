/** A file system that has no room any more. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Until nothing more goes into it. @returns the file to remove */
export async function fill(directory: string): Promise<string> {
  const filler = join(directory, 'filler');
  await promisify(execFile)('sh', ['-c', 'cat /dev/zero > "$1" || true', 'sh', filler]);
  return filler;
}
