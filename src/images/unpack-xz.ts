/**
 * Unpacks an image that came compressed by xz. The file may be made to attack whoever unpacks it: xz gets little memory,
 * little time, no rights, one open file to read and one to write, and no more than fits.
 */
import { open } from 'node:fs/promises';
import { fail } from '../core/errors.ts';
import type { Run } from './run.ts';
import { NOBODY } from './verify/nobody.ts';

const SIGNATURE = Buffer.from('\xfd7zXZ\0', 'latin1');
/** What `xz -9` needs is 65 MiB; --long dictionaries go on to 1.5 GiB. */
const MEMORY_BYTES = 2 * 1024 ** 3;
const CPU_SECONDS = 900;

export async function isXz(path: string): Promise<boolean> {
  await using file = await open(path, 'r');
  const head = Buffer.alloc(SIGNATURE.length);
  await file.read(head, 0, head.length, 0);
  return head.equals(SIGNATURE);
}

/** @param mostBytes  of the unpacked file  @throws image-refused, no-space, tool-missing, cancelled */
export async function unpackXz(from: string, to: string, mostBytes: number, name: string, run: Run, signal: AbortSignal): Promise<void> {
  await using packed = await open(from, 'r');
  await using unpacked = await open(to, 'w', 0o600);
  const limits = [`--as=${MEMORY_BYTES}`, `--cpu=${CPU_SECONDS}`, '--core=0', `--fsize=${mostBytes}`];
  const result = await run('prlimit', [...limits, '--', 'xz', '--decompress', '--stdout'], {
    signal, cwd: '/', input: packed.fd, output: unpacked.fd, ...(process.getuid?.() === 0 ? { user: NOBODY } : {}),
  });
  if (result.exitCode === 0) return;
  if (result.exitCode === 127) throw fail('tool-missing', `${name} cannot be unpacked: xz is not installed`, { hint: 'install: sudo apt-get install xz-utils' });
  const said = result.lastLines.at(-1)?.replace(/^xz: \S*:? ?/, '') ?? `it ended with ${result.killedBy ?? result.exitCode}`;
  if (/No space left/.test(said)) throw fail('no-space', `${name} does not fit when it is unpacked`, { hint: 'free some space where images are kept' });
  const tooLarge = result.killedBy === 'SIGXFSZ' || result.exitCode === 153 || /File too large/.test(said);
  throw fail('image-refused', tooLarge ? `${name} unpacks to more than ${Math.floor(mostBytes / 1024 ** 2)} MiB` : `${name} cannot be unpacked: ${said.slice(0, 200)}`, { hint: 'get the image again, and compare its checksum' });
}
