/** The peer of a cold launch: the same image booted by hand, with a plain seed, until cloud-init says that the boot is finished. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BINARIES } from '../../src/drivers/qemu/binary.ts';
import { EMULATED_CPU } from '../../src/drivers/qemu/command-line/platform.ts';
import type { TestHome } from '../real/home.ts';

const run = promisify(execFile);
const DEADLINE_MS = 900_000;

/** @param accelerator  as the instance's that it is compared with  @returns seconds from QEMU's start */
export async function bootByHand(home: TestHome, accelerator: string): Promise<number> {
  const scratch = await mkdtemp('/var/tmp/hf-hand-');
  try {
    const images = join(home.directory, 'images');
    const image = (await readdir(images)).find((name) => name.endsWith('.qcow2'));
    if (image === undefined) throw new Error('the home has no image');
    const [disk, seed] = [join(scratch, 'disk.qcow2'), join(scratch, 'seed.iso')];
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', join(images, image), disk, '5G']);
    await writeFile(join(scratch, 'meta-data'), 'instance-id: by-hand\nlocal-hostname: by-hand\n');
    await writeFile(join(scratch, 'user-data'), '#cloud-config\n{}\n');
    await run('xorriso', ['-as', 'mkisofs', '-quiet', '-volid', 'cidata', '-rational-rock', '-o', seed, join(scratch, 'meta-data'), join(scratch, 'user-data')]);
    const began = performance.now();
    const qemu = spawn(BINARIES.x86_64.tool, [
      '-machine', 'q35', '-accel', accelerator === 'tcg' ? 'tcg,thread=single' : accelerator, '-cpu', accelerator === 'tcg' ? EMULATED_CPU.x86_64 : 'host', '-m', '1G', '-smp', '1',
      '-drive', `file=${disk},format=qcow2,if=virtio`, '-drive', `file=${seed},format=raw,if=virtio,readonly=on`,
      '-nic', 'user,model=virtio-net-pci', '-display', 'none', '-serial', 'stdio',
    ], { stdio: ['ignore', 'pipe', 'ignore'] });
    const timer = setTimeout(() => qemu.kill('SIGKILL'), DEADLINE_MS);
    try {
      let said = '';
      for await (const text of qemu.stdout.setEncoding('utf8') as AsyncIterable<string>) {
        said = (said + text).slice(-4096);
        if (/Cloud-init v\. .* finished at/.test(said)) return (performance.now() - began) / 1000;
      }
      throw new Error(`booted by hand, the image did not finish its boot: ${said.slice(-500)}`);
    } finally {
      clearTimeout(timer);
      qemu.kill('SIGKILL');
    }
  } finally {
    await rm(scratch, { recursive: true });
  }
}
