/** What must be installed on the host before an image can be built, and which package brings it. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fail } from '../../core/errors.ts';

interface Requirement {
  readonly program: string;
  readonly debianPackage: string;
  /** Needed by a plain user only, or for packages of another architecture only. */
  readonly only?: 'plain-user' | 'foreign';
}

const REQUIREMENTS: readonly Requirement[] = [
  { program: 'mmdebstrap', debianPackage: 'mmdebstrap' },
  { program: 'mke2fs', debianPackage: 'e2fsprogs' },
  { program: 'mformat', debianPackage: 'mtools' },
  { program: 'mcopy', debianPackage: 'mtools' },
  { program: 'qemu-img', debianPackage: 'qemu-utils' },
  { program: 'tar', debianPackage: 'tar' },
  { program: 'prlimit', debianPackage: 'util-linux' },
  { program: 'setpriv', debianPackage: 'util-linux' },
  { program: 'unshare', debianPackage: 'util-linux' },
  { program: 'newuidmap', debianPackage: 'uidmap', only: 'plain-user' },
  // Of mmdebstrap's: it asks it whether the kernel runs that architecture's programs.
  { program: 'arch-test', debianPackage: 'arch-test', only: 'foreign' },
];

/** Where Debian keeps administrators' programs; a plain user's PATH lacks them. */
const SBIN = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
export const DEBIAN_KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** @returns undefined for a program that every system has */
export function packageOf(program: string): string | undefined {
  return REQUIREMENTS.find((requirement) => requirement.program === program)?.debianPackage;
}

export function pathWithSbin(path: string | undefined): string {
  return [path ?? '/usr/local/bin:/usr/bin:/bin', ...SBIN].join(delimiter);
}

/**
 * @param path  as PATH is
 * @throws tool-missing  names every missing program and the one command that installs them all
 */
export async function requireBuildTools(path: string, { asRoot, foreign }: { asRoot: boolean; foreign: boolean }): Promise<void> {
  const needed = REQUIREMENTS.filter(({ only }) => only === undefined || (only === 'foreign' ? foreign : !asRoot));
  const found = await Promise.all(needed.map(({ program }) => isInstalled(program, path)));
  const missing = needed.filter((_, at) => !found[at]);
  const names = missing.map(({ program }) => program);
  const packages = missing.map(({ debianPackage }) => debianPackage);
  if (!(await isReadable(DEBIAN_KEYRING))) {
    names.push('the Debian archive keyring');
    packages.push('debian-archive-keyring');
  }
  if (names.length === 0) return;
  throw fail('tool-missing', `an image cannot be built: ${names.join(', ')} missing on this machine`, {
    hint: `install: sudo apt-get install ${[...new Set(packages)].join(' ')}`,
  });
}

/** @param path  as PATH is */
export async function isInstalled(program: string, path: string): Promise<boolean> {
  for (const directory of path.split(delimiter)) {
    if (directory !== '' && (await isReadable(join(directory, program), constants.X_OK))) return true;
  }
  return false;
}

async function isReadable(file: string, mode = constants.R_OK): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  );
}
