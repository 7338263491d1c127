/** Builds a Debian cloud image from packages and puts it into the store; a second time it is simply there. */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../core/errors.ts';
import type { Architecture } from '../../core/instance.ts';
import { run as realRun, throwIfCancelled, type Run } from '../run.ts';
import type { ImageStore } from '../store.ts';
import type { ImageEntry } from '../store-entry.ts';
import { DEBIAN_NAMES, isForeign, requireExecution } from './architecture.ts';
import { bootstrap } from './bootstrap.ts';
import { CONVERT_STAGE, PACK_STAGE, STORE_STAGE, type Stage } from './bootstrap-progress.ts';
import { convertToQcow2, makeDiskFile } from './disk-file.ts';
import { chooseMirrors, isMirrorUri } from './mirror.ts';
import { ownUser } from './own-user.ts';
import { readRecipe } from './recipe.ts';
import { releaseToBuild } from './releases.ts';
import { buildRights, type Rights } from './rights.ts';
import { pathWithSbin, requireBuildTools } from './tools.ts';

export interface BuildRequest {
  /** `debian`, `debian:12`, `debian:13`. */
  readonly what: string;
  readonly architecture: Architecture;
  /** Builds even if the same recipe has been built already, for newer packages. */
  readonly force: boolean;
  readonly signal: AbortSignal;
  /** A fraction in 0..1 of the whole build. */
  readonly progress: (stage: string, fraction?: number) => void;
  /** Base URL of the archive, in place of the host's own or Debian's. */
  readonly mirror?: string | undefined;
  /** Likewise; `none` builds without security updates. */
  readonly securityMirror?: string | undefined;
}

export interface BuilderSetup {
  readonly store: ImageStore;
  /** Holds `recipe/`. */
  readonly assetsDir: string;
  /** On the same file system as the store. Every build has its own directory in it. */
  readonly buildDir: string;
  readonly packageCacheDir?: string | undefined;
  /** apt and the build's programs see it: http_proxy, PATH, TMPDIR. */
  readonly env: NodeJS.ProcessEnv;
  /** Injected for the entry's builtAt. */
  readonly now: () => Date;
  readonly run?: Run;
}

/** Tar, unpacked tree, file system and image are there at once. */
const NEEDED_BYTES = 3 * 1024 ** 3;

/**
 * @returns the stored image: a new one, or the one that the same recipe made before
 * @throws image-not-found, tool-missing, no-rights, no-space, image-build-failed, cancelled, bad-argument
 */
export async function buildDebian(setup: BuilderSetup, request: BuildRequest): Promise<ImageEntry> {
  const release = releaseToBuild(request.what);
  const architecture = DEBIAN_NAMES[request.architecture];
  const recipe = await readRecipe(setup.assetsDir, release, architecture);
  if (!request.force) {
    const built = (await setup.store.list()).find((entry) => entry.recipe === recipe.key);
    if (built) return built;
  }
  for (const uri of [request.mirror, request.securityMirror]) {
    if (uri !== undefined && uri !== 'none' && !isMirrorUri(uri)) throw fail('bad-argument', `"${uri.slice(0, 80)}" is no mirror`, { hint: 'a mirror is a URL, for example http://mirror.example/debian' });
  }
  const run = setup.run ?? realRun;
  const user = ownUser();
  const env = { ...setup.env, PATH: pathWithSbin(setup.env['PATH']), LC_ALL: 'C.UTF-8' };
  await requireBuildTools(env.PATH, { asRoot: user.uid === 0, foreign: isForeign(architecture) });
  await requireExecution(architecture);
  const rights = await buildRights(user.uid, user.name);
  const workDir = join(setup.buildDir, `build-${randomUUID()}`);
  await mkdir(workDir, { recursive: true });
  const onStage = ({ text, fraction }: Stage): void => request.progress(text, fraction);
  const { signal } = request;
  try {
    await requireSpace(workDir);
    const mirrors = chooseMirrors({ main: request.mirror, security: request.securityMirror }, await hostSources());
    const { packageCacheDir } = setup;
    const tar = await bootstrap({ release, architecture, recipe, mirrors, rights, workDir, packageCacheDir, env, signal, onStage, run });
    onStage(PACK_STAGE);
    const disk = await makeDiskFile({ architecture, tar, recipeDir: recipe.directory, workDir, rights, env, signal, run });
    onStage(CONVERT_STAGE);
    const ownFile = join(workDir, 'image.qcow2');
    await convertToQcow2(disk, ownFile, run, signal);
    onStage(STORE_STAGE);
    const origin = { sourceName: `debian:${release.version}`, os: 'debian', release: release.version, architecture: request.architecture, builtAt: setup.now().toISOString(), recipe: recipe.key };
    const entry = await setup.store.import({ ownFile }, origin, signal);
    throwIfCancelled(signal);
    return entry;
  } finally {
    await removeTree(workDir, rights, run);
  }
}

/** At start: removes what builds that were killed have left. */
export async function sweepBuilds(buildDir: string, run: Run = realRun): Promise<void> {
  const left = (await readdir(buildDir).catch(() => [])).filter((name) => name.startsWith('build-'));
  if (left.length === 0) return;
  const user = ownUser();
  const rights = await buildRights(user.uid, user.name);
  for (const name of left) await removeTree(join(buildDir, name), rights, run);
}

/** In a namespace the files belong to ids that only the namespace may remove. Runs to its end though cancelled. */
async function removeTree(directory: string, rights: Rights, run: Run): Promise<void> {
  const removed = await rm(directory, { recursive: true, force: true }).then(() => true, () => false);
  if (removed) return;
  const [program = '', ...args] = rights.wrap(['rm', '-rf', '--', directory]);
  await run(program, args, { signal: new AbortController().signal });
}

async function requireSpace(directory: string): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize >= NEEDED_BYTES) return;
  throw fail('no-space', `an image cannot be built: ${Math.floor((bavail * bsize) / 1024 ** 2)} MiB are free in ${directory}, 3072 are needed`, {
    hint: 'free some space, or move Holdfast’s home to a larger disk',
  });
}

async function hostSources(): Promise<string[]> {
  const directory = '/etc/apt/sources.list.d';
  const names = (await readdir(directory).catch(() => [])).filter((name) => /\.(?:list|sources)$/.test(name)).toSorted();
  const files = ['/etc/apt/sources.list', ...names.map((name) => join(directory, name))];
  return Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
}
