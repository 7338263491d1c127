/** Writes the seed as an ISO 9660 image with the label `cidata`, which is how cloud-init's NoCloud finds it. */
import { spawn } from 'node:child_process';
import { mkdtemp, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SeedFiles } from '../core/cloudinit/seed.ts';
import { fail } from '../core/errors.ts';

const LONGEST_MS = 60_000;

/**
 * Atomic: the image is there whole or not at all. It holds private keys, so it is 0600 from its first byte.
 * @throws tool-missing, machine-failed
 */
export async function writeSeedIso(path: string, files: SeedFiles, { signal }: { readonly signal: AbortSignal }): Promise<void> {
  const work = await mkdtemp(join(dirname(path), '.seed-'));
  try {
    const names = Object.entries(files);
    for (const [name, bytes] of names) await writeFile(join(work, name), bytes, { mode: 0o600 });
    const image = join(work, 'image');
    await writeFile(image, '', { mode: 0o600 });
    const grafts = names.map(([name]) => `/${name}=${join(work, name)}`);
    await xorriso(['-as', 'mkisofs', '-quiet', '-V', 'cidata', '-J', '-r', '-o', image, '-graft-points', ...grafts], signal);
    await using handle = await open(image, 'r+');
    await handle.sync();
    await rename(image, path);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function xorriso(args: readonly string[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('xorriso', args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      signal: AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]),
      killSignal: 'SIGKILL',
    });
    let said = '';
    child.stderr.on('data', (data: Buffer) => { said = (said + data.toString('utf8')).slice(-2000); });
    child.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') reject(fail('tool-missing', 'xorriso is not installed', { hint: 'Install it: apt install xorriso', cause }));
      else if (signal.aborted) reject(fail('cancelled', 'Writing the seed was cancelled', { cause }));
      else reject(fail('machine-failed', `xorriso: ${cause.message}`, { cause }));
    });
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(fail('machine-failed', `xorriso could not write the seed: ${said.trim() || `exit code ${code}`}`));
    });
  });
}
