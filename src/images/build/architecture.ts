/** For which architecture an image is built, and whether this machine can run the programs of another one's packages. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../core/errors.ts';
import type { Architecture } from '../../core/instance.ts';

/** Debian's names. */
export type DebianArchitecture = 'amd64' | 'arm64';

export const DEBIAN_NAMES: Readonly<Record<Architecture, DebianArchitecture>> = { x86_64: 'amd64', aarch64: 'arm64' };

const HOST: string = process.arch === 'x64' ? 'amd64' : process.arch;
const BINFMT = '/proc/sys/fs/binfmt_misc';
/** What qemu-user registers, as in `interpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P`. */
const INTERPRETERS: Readonly<Record<DebianArchitecture, RegExp>> = {
  amd64: /^interpreter \S*(?:qemu-x86_64|x86_64-binfmt)/m,
  arm64: /^interpreter \S*(?:qemu-aarch64|aarch64-binfmt)/m,
};

/** Whether its programs are not this machine's own. */
export function isForeign(architecture: DebianArchitecture): boolean {
  return architecture !== HOST;
}

/**
 * Packages run their scripts while they are installed. On a machine of another architecture the kernel hands these to
 * QEMU's user emulation, when that is registered so that it also works in a chroot (flag F: opened at registration).
 * @throws tool-missing
 */
export async function requireExecution(architecture: DebianArchitecture, directory = BINFMT): Promise<void> {
  if (!isForeign(architecture)) return;
  const names = await readdir(directory).catch((): string[] => []);
  for (const name of names.filter((each) => each !== 'register' && each !== 'status')) {
    const text = await readFile(join(directory, name), 'utf8').catch(() => '');
    if (/^enabled$/m.test(text) && INTERPRETERS[architecture].test(text) && /^flags: \w*F/m.test(text)) return;
  }
  const mounted = names.includes('register');
  throw fail('tool-missing', `an ${architecture} image cannot be built here: nothing on this machine runs ${architecture} programs`, {
    hint: mounted ? 'install: sudo apt-get install qemu-user-static, and register it (systemd does: sudo systemctl restart systemd-binfmt)'
      : `the kernel's binfmt_misc is not mounted: sudo mount -t binfmt_misc binfmt_misc ${BINFMT}, then install qemu-user-static`,
  });
}
