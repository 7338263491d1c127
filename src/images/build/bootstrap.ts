/** Makes the new system out of packages, as a tar: mmdebstrap does it, with our recipe run inside. */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../core/errors.ts';
import type { Run } from '../run.ts';
import { reasonOf, stageOf, type Stage } from './bootstrap-progress.ts';
import { buildSources, guestSources, type Mirrors } from './mirror.ts';
import type { DebianArchitecture } from './architecture.ts';
import type { Recipe } from './recipe.ts';
import type { DebianRelease } from './releases.ts';
import type { Rights } from './rights.ts';
import { DEBIAN_KEYRING } from './tools.ts';

export interface Bootstrap {
  readonly release: DebianRelease;
  readonly recipe: Recipe;
  readonly architecture: DebianArchitecture;
  /** Undefined: mmdebstrap's own choice. */
  readonly mirrors: Mirrors | undefined;
  readonly rights: Rights;
  /** Empty directory of this build; the tar ends up here. */
  readonly workDir: string;
  /** Keeps downloaded packages from one build to the next; apt checks them against the signed lists all the same. */
  readonly packageCacheDir: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly onStage: (stage: Stage) => void;
  readonly run: Run;
}

/** Where the recipe lies inside the new system while it is made. */
const INSIDE = '/root/holdfast-recipe';
const EXCLUDED = ['/usr/share/locale/*', '/usr/share/man/*', '/usr/share/info/*', '/usr/share/doc/*', '/usr/share/lintian/*'];
const KEPT = ['/usr/share/locale/locale.alias', '/usr/share/doc/*/copyright'];

/** @returns path of the tar */
export async function bootstrap(wanted: Bootstrap): Promise<string> {
  const { workDir, rights, signal, env } = wanted;
  const tar = join(workDir, 'system.tar');
  const recipeCopy = join(workDir, 'holdfast-recipe');
  await cp(wanted.recipe.directory, recipeCopy, { recursive: true });
  await writeFile(join(recipeCopy, 'debian.sources'), guestSources(wanted.release, wanted.mirrors));
  if (wanted.packageCacheDir !== undefined) await mkdir(wanted.packageCacheDir, { recursive: true });
  const onLine = (line: string): void => {
    const stage = stageOf(line);
    if (stage) wanted.onStage(stage);
  };
  const [program = '', ...args] = rights.enclose(['mmdebstrap', ...mmdebstrapArguments(wanted, tar)]);
  const result = await wanted.run(program, args, {
    signal,
    cwd: workDir,
    // In a namespace the new system is made by another uid, which cannot enter a home directory.
    env: { ...env, TMPDIR: rights.asRoot ? workDir : (env['TMPDIR'] ?? '/var/tmp') },
    onLine,
  });
  if (result.exitCode === 0) return tar;
  const reason = reasonOf(result.lastLines);
  const code = result.lastLines.some((line) => line.includes('No space left on device')) ? 'no-space' : 'image-build-failed';
  throw fail(code, `the image of ${wanted.release.title} could not be built: ${reason}`, { hint: hintFor(reason, wanted.mirrors) });
}

/** Hooks are constant text: mmdebstrap hands some of them to a shell. What varies lies in the working directory. */
export function mmdebstrapArguments({ release, architecture, recipe, mirrors, rights, packageCacheDir }: Bootstrap, tar: string): string[] {
  const cacheHooks = [
    '--skip=download/empty,essential/unlink',
    '--setup-hook=mkdir -p "$1"/var/cache/apt/archives',
    `--setup-hook=sync-in ${shellWord(packageCacheDir ?? '')} /var/cache/apt/archives`,
    `--customize-hook=sync-out /var/cache/apt/archives ${shellWord(packageCacheDir ?? '')}`,
  ];
  return [
    `--mode=${rights.mmdebstrapMode}`,
    '--format=tar',
    '--variant=minbase',
    `--architectures=${architecture}`,
    `--keyring=${DEBIAN_KEYRING}`,
    `--include=${recipe.packages.join(',')}`,
    '--aptopt=Acquire::Languages "none"',
    ...EXCLUDED.map((path) => `--dpkgopt=path-exclude=${path}`),
    ...KEPT.map((path) => `--dpkgopt=path-include=${path}`),
    ...(packageCacheDir === undefined ? [] : cacheHooks),
    '--essential-hook=copy-in holdfast-recipe /root',
    `--essential-hook=chroot "$1" sh ${INSIDE}/before-packages.sh ${INSIDE}`,
    `--customize-hook=chroot "$1" sh ${INSIDE}/customise.sh ${INSIDE}`,
    release.codename,
    tar,
    ...(mirrors === undefined ? [] : buildSources(release, mirrors, DEBIAN_KEYRING)),
  ];
}

/** Special hooks are split like a shell would, without being run by one. */
function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function hintFor(reason: string, mirrors: Mirrors | undefined): string {
  if (/unshare|namespace|uid_map/i.test(reason)) return 'allow user namespaces for plain users, or build as root';
  if (/No space left/.test(reason)) return 'make 3 GiB free, or set TMPDIR to a directory that has them';
  return mirrors === undefined ? 'check that this machine reaches Debian’s archive, or name a mirror: HOLDFAST_MIRROR=http://…' : `check that the mirror answers: ${mirrors.main}`;
}
