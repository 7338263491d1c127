/** Puts the disk together in a plain file: partition table, boot code, ESP and root file system. No device is used. */
import { randomUUID } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../core/errors.ts';
import type { Run, RunResult } from '../run.ts';
import type { DebianArchitecture } from './architecture.ts';
import { DISK_SECTORS, ESP, partitionsOf, ROOT, SECTOR_BYTES } from './disk-layout.ts';
import { partitionTable } from './gpt.ts';
import { bootCode } from './grub-boot-code.ts';
import type { Rights } from './rights.ts';

export interface DiskFile {
  readonly architecture: DebianArchitecture;
  readonly tar: string;
  /** Directory of the scripts. */
  readonly recipeDir: string;
  readonly workDir: string;
  readonly rights: Rights;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly run: Run;
}

/** @returns path of the raw disk */
export async function makeDiskFile({ architecture, tar, recipeDir, workDir, rights, env, signal, run }: DiskFile): Promise<string> {
  const disk = join(workDir, 'disk.raw');
  const step = async (command: readonly string[]): Promise<void> => {
    const [program = '', ...args] = command;
    succeeded(program, await run(program, args, { signal, cwd: workDir, env: { ...env, MTOOLS_SKIP_CHECK: '1' } }));
  };
  await using file = await open(disk, 'w+', 0o600);
  await file.truncate(DISK_SECTORS * SECTOR_BYTES);
  const scratch = join(workDir, 'system');
  const offset = String(ROOT.firstSector * SECTOR_BYTES);
  const kib = String((ROOT.sectors * SECTOR_BYTES) / 1024);
  await step(rights.wrap(['sh', join(recipeDir, 'pack.sh'), tar, scratch, disk, offset, kib, workDir]));
  const esp = `${disk}@@${ESP.firstSector * SECTOR_BYTES}`;
  await step(['mformat', '-i', esp, '-T', String(ESP.sectors), '-H', String(ESP.firstSector), '-v', 'HOLDFASTEFI', '::']);
  await step(['mcopy', '-s', '-i', esp, join(workDir, 'esp', 'EFI'), '::/']);
  const patches = [
    ...(architecture === 'amd64' ? bootCode(await readFile(join(workDir, 'boot.img')), await readFile(join(workDir, 'core.img'))) : []),
    ...partitionTable(partitionsOf(architecture), DISK_SECTORS, randomUUID),
    // mformat writes a partition table into the FAT's first sector as well, of which GRUB's tools complain.
    { offsetBytes: ESP.firstSector * SECTOR_BYTES + 446, bytes: new Uint8Array(64) },
  ];
  for (const { bytes, offsetBytes } of patches) await file.write(bytes, 0, bytes.length, offsetBytes);
  return disk;
}

/** Compressed with zstd, which takes 3-4 s of a build; not compared with leaving it uncompressed. */
export async function convertToQcow2(disk: string, target: string, run: Run, signal: AbortSignal): Promise<void> {
  const args = ['convert', '-f', 'raw', '-O', 'qcow2', '-c', '-o', 'compression_type=zstd', disk, target];
  succeeded('qemu-img', await run('qemu-img', args, { signal }));
}

function succeeded(program: string, result: RunResult): void {
  if (result.exitCode === 0) return;
  const last = result.lastLines.at(-1) ?? `it ended with ${result.killedBy ?? result.exitCode}`;
  const full = result.lastLines.some((line) => line.includes('No space left on device'));
  throw fail(full ? 'no-space' : 'image-build-failed', `the image could not be put together: ${program}: ${last.slice(0, 300)}`, {
    hint: full ? 'make 3 GiB free where images are kept' : 'run it again; if it stays, report it with the daemon log',
  });
}
