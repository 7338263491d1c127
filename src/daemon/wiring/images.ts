/** A home's images, constructed: where they are kept, how they come, what is published, and the service that is asked for them. */
import { join } from 'node:path';
import { buildDebian, sweepBuilds } from '../../images/build/build-debian.ts';
import { imageDownloads } from '../../images/download/downloads.ts';
import { openWeb } from '../../web/request.ts';
import { run } from '../../images/run.ts';
import { openImageStore, type ImageStore } from '../../images/store.ts';
import type { Catalogues } from '../../images/streams/catalogues.ts';
import type { SettingStore } from '../../store/settings.ts';
import { openRemotes, remoteImages, type RemoteImages } from '../images/remotes.ts';
import { imageService, type ImageParts, type ImageService } from '../images/service.ts';
import type { Log } from '../log/log.ts';
import type { OperationEngine } from '../operations/engine.ts';

export interface HomeImagesParts {
  /** Of the home's images. */
  readonly directory: string;
  readonly assetsDir: string;
  /** images/streams/products-worker, as a thread can be started of it. */
  readonly productsScript: string;
  readonly settings: SettingStore;
  readonly engine: OperationEngine;
  readonly log: Log;
}

export interface HomeImages {
  readonly store: ImageStore;
  readonly remotes: RemoteImages;
  readonly service: ImageService;
}

/** A remote that is silent for so long is not waited for. */
const CATALOGUE_STALL_MS = 10_000;

/** What earlier daemons left half done is cleared away first. */
export async function openImages(parts: HomeImagesParts): Promise<HomeImages> {
  const { directory, assetsDir, engine } = parts;
  const store = openImageStore(directory);
  const buildDir = join(directory, 'build');
  const downloads = imageDownloads({ store, directory: join(directory, 'downloads'), env: process.env, now: () => new Date(), random: Math.random });
  const catalogues = cataloguesOf(parts);
  await sweep([() => store.sweep(), () => sweepBuilds(buildDir), () => downloads.sweep(), () => catalogues.sweep()], parts);
  const remotes = remoteImages(catalogues);
  return { store, remotes, service: imageService({ store, engine, downloads, remotes, build: buildWith(store, assetsDir, buildDir) }) };
}

function cataloguesOf({ directory, assetsDir, productsScript, settings, log }: HomeImagesParts): Catalogues {
  return openRemotes({
    directory: join(directory, 'catalogue'), keysDirectory: join(assetsDir, 'keys'), productsScript, env: process.env, setting: (key) => settings.get(key),
    ask: openWeb({ env: process.env, answerMs: CATALOGUE_STALL_MS }), stallMs: CATALOGUE_STALL_MS, run, now: () => Date.now(),
    log: (remote, message) => log.line(`remote ${remote}`, null, message, 'what was known before is still used'),
  });
}

function buildWith(store: ImageStore, assetsDir: string, buildDir: string): ImageParts['build'] {
  return (what, architecture, force, { signal, progress }) => buildDebian({
    store, assetsDir, buildDir, env: process.env, now: () => new Date(), packageCacheDir: process.env['HOLDFAST_PACKAGE_CACHE'],
  }, { what, architecture, force, signal, progress, mirror: process.env['HOLDFAST_MIRROR'] });
}

/** Rubbish that stays is no reason to serve nobody. */
async function sweep(sweeps: readonly (() => Promise<void>)[], { directory, log }: HomeImagesParts): Promise<void> {
  for (const each of sweeps) {
    await each().catch((error: unknown) => log.line('sweep', null, `what was left in ${directory} cannot be cleared away: ${error instanceof Error ? error.message : String(error)}`, 'see who owns it; the next daemon tries again'));
  }
}
