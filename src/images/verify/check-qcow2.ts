/**
 * Lets qemu-img look through a qcow2's tables, after its header has passed (core/qcow2-header.ts). The image may be
 * made to attack the parser: qemu-img gets little memory, little time, no rights, and only this one open file.
 */
import type { FileHandle } from 'node:fs/promises';
import { fail } from '../../core/errors.ts';
import type { Run } from '../run.ts';
import { NOBODY } from './nobody.ts';

/** Address space: glibc reserves some for each of qemu-img's threads, so that one GiB was too little now and then. */
const MEMORY_BYTES = 4 * 1024 ** 3;
const CPU_SECONDS = 60;
/** qemu-img check: 2 corruptions, 3 only leaked clusters (wasted space, harmless). */
const EXIT_CORRUPT = 2;
const EXIT_LEAKS = 3;

/**
 * @param file  open for reading, and readable by all where this process is root (a descriptor is opened anew)
 * @param name  what the message calls it
 * @throws image-refused  what is corrupt, truncated, or not read within the limits
 */
export async function checkQcow2(file: FileHandle, name: string, run: Run, signal: AbortSignal): Promise<void> {
  const limits = [`--as=${MEMORY_BYTES}`, `--cpu=${CPU_SECONDS}`, '--core=0', '--fsize=0'];
  const asRoot = process.getuid?.() === 0;
  const result = await run('prlimit', [...limits, '--', 'qemu-img', 'check', '-q', '-f', 'qcow2', '/dev/fd/3'], {
    signal,
    cwd: '/',
    descriptor3: file.fd,
    ...(asRoot ? { user: NOBODY } : {}),
  });
  if (result.exitCode === 0 || result.exitCode === EXIT_LEAKS) return;
  if (result.exitCode === 127) throw fail('tool-missing', 'images cannot be checked: qemu-img is not installed', { hint: 'install: sudo apt-get install qemu-utils' });
  const words = `${result.stdout}\n${result.lastLines.join('\n')}`;
  const detail = /^ERROR:? ?(.*)$/m.exec(words)?.[1] ?? result.lastLines.at(-1)?.replace(/^qemu-img: /, '') ?? `it ended with ${result.killedBy ?? result.exitCode}`;
  const what = result.exitCode === EXIT_CORRUPT ? 'is corrupt or truncated' : 'could not be read within the limits';
  throw fail('image-refused', `${name} ${what}: ${detail.slice(0, 200)}`, { hint: 'get the image again, and compare its checksum' });
}
