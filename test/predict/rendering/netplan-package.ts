/**
 * netplan's own generator, out of Debian's packages, unpacked beside and not installed. Its libraries come with it, glibc
 * among them, so that one release's generator runs on another's.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { chooseMirrors } from '../../../src/images/build/mirror.ts';

const run = promisify(execFile);

export interface NetplanRelease {
  readonly suite: 'bookworm' | 'trixie';
  /** As facts tell it; which one exactly the mirror has is asked of the package. */
  readonly netplan: string;
  readonly systemd: string;
  readonly packages: readonly string[];
}

const GLIB = ['libc6', 'libyaml-0-2', 'libuuid1', 'libpcre2-8-0', 'libatomic1', 'zlib1g', 'libmount1', 'libblkid1', 'libselinux1', 'libffi8', 'libsystemd0', 'libcap2'];

export const NETPLAN_RELEASES = {
  12: { suite: 'bookworm', netplan: '0.106', systemd: '252', packages: ['netplan.io', 'libnetplan0', 'libglib2.0-0', 'liblzma5', 'libzstd1', 'liblz4-1', 'libgcrypt20', 'libgpg-error0', ...GLIB] },
  13: { suite: 'trixie', netplan: '1.1.2', systemd: '257', packages: ['netplan-generator', 'libnetplan1', 'libglib2.0-0t64', ...GLIB] },
} as const satisfies Record<number, NetplanRelease>;

export interface Generator {
  readonly release: NetplanRelease;
  /** Of the package: `0.106-2+deb12u1`. */
  readonly version: string;
  /** The command to which `--root-dir DIRECTORY` is added. */
  readonly command: readonly [string, ...string[]];
}

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const FETCH_MS = 300_000;
const TRIPLET = 'x86_64-linux-gnu';

/** @param cache  a directory that may be kept; what is there already is not fetched again */
export async function fetchGenerator(release: NetplanRelease, cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'holdfast-predict')): Promise<Generator> {
  const directory = join(cache, `netplan-${release.suite}`);
  if (!(await exists(join(directory, 'version')))) await unpack(release, directory);
  const libraries = join(directory, 'usr/lib', TRIPLET);
  return {
    release, version: (await readFile(join(directory, 'version'), 'utf8')).trim(),
    command: [join(directory, 'ld.so'), '--library-path', `${libraries}:${join(directory, 'lib', TRIPLET)}`, join(directory, 'usr/libexec/netplan/generate')],
  };
}

/** In a directory of its own until it is whole: two that fetch at once do not meet. */
async function unpack({ suite, packages }: NetplanRelease, directory: string): Promise<void> {
  await mkdir(dirname(directory), { recursive: true });
  const work = await mkdtemp(`${directory}-`);
  try {
    const apt = join(work, 'apt');
    await mkdir(join(apt, 'lists/partial'), { recursive: true });
    await mkdir(join(apt, 'cache/archives/partial'), { recursive: true });
    const mirror = chooseMirrors({}, await aptSources())?.main;
    if (mirror === undefined) throw new Error('apt knows no Debian mirror');
    await writeFile(join(apt, 'status'), '');
    await writeFile(join(apt, 'sources.list'), `deb [signed-by=${KEYRING}] ${mirror} ${suite} main\n`);
    const options = [`Dir::Etc::sourcelist=${join(apt, 'sources.list')}`, 'Dir::Etc::sourceparts=-', `Dir::State::lists=${join(apt, 'lists')}`, `Dir::State::status=${join(apt, 'status')}`,
       `Dir::Cache=${join(apt, 'cache')}`, 'APT::Sandbox::User=root', 'Acquire::Languages=none']
      .flatMap((option) => ['-o', option]);
    await run('apt-get', [...options, '-q', 'update'], { timeout: FETCH_MS });
    await run('apt-get', [...options, '-q', 'download', ...packages], { cwd: work, timeout: FETCH_MS });
    const root = join(work, 'root');
    for (const file of (await readdir(work)).filter((name) => name.endsWith('.deb'))) await run('dpkg-deb', ['-x', join(work, file), root]);
    await run('ln', ['-s', await loaderIn(root), join(root, 'ld.so')]);
    const netplan = (await readdir(work)).find((name) => /^netplan.*\.deb$/.test(name)) ?? '';
    await writeFile(join(root, 'version'), `${netplan.split('_')[1] ?? ''}\n`);
    await rename(root, directory).catch(async (error: unknown) => {
      if (!(await exists(join(directory, 'version')))) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The dynamic linker of the packages' own glibc, below the root. */
async function loaderIn(root: string): Promise<string> {
  const places = ['usr/lib', 'lib'].map((lib) => join(lib, TRIPLET, 'ld-linux-x86-64.so.2'));
  for (const place of places) if (await exists(join(root, place))) return place;
  throw new Error('glibc has no dynamic linker');
}

async function aptSources(): Promise<string[]> {
  const directory = '/etc/apt/sources.list.d';
  const names = await readdir(directory).catch(() => []);
  return Promise.all(['/etc/apt/sources.list', ...names.map((name) => join(directory, name))].map((file) => readFile(file, 'utf8').catch(() => '')));
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false);
}
