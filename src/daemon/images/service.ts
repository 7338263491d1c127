/** Images as launch and the API see them: names resolved, builds as operations, uploads verified. */
import type { Readable } from 'node:stream';
import type { WireFound, WireImage, WireOperation } from '../../api/schemas.ts';
import { requireArchitecture } from '../../core/architecture.ts';
import { localAliases, resolveLocal } from '../../core/catalogue/local.ts';
import { requireRemoteName, splitImageName, type Found } from '../../core/catalogue/lookup.ts';
import { fail, HoldfastError } from '../../core/errors.ts';
import type { Architecture, ImageLabel } from '../../core/instance.ts';
import { HOST_ARCHITECTURE } from '../../host/architecture.ts';
import type { Downloads, Wish } from '../../images/download/downloads.ts';
import type { ImageEntry, ImageOrigin } from '../../images/store-entry.ts';
import type { ImageStore } from '../../images/store.ts';
import type { OperationEngine, Task } from '../operations/engine.ts';
import { LOCAL_DEFAULT, notBuilt, notFound, refuseDefault } from './refusals.ts';
import { UNNAMED, type RemoteImages } from './remotes.ts';
import { labelOf, wireImage, wireImages } from './shown.ts';

export interface ResolvedImage {
  readonly architecture: Architecture;
  readonly digest: string;
  readonly format: 'qcow2' | 'raw';
  readonly virtualSizeBytes: number;
  readonly label: ImageLabel;
}

/** Gets an image that was chosen ready, which may mean to download it. @throws what Downloads.fetch throws; image-not-found */
export type ChosenImage = (task: Pick<Task, 'signal' | 'progress' | 'notice'>) => Promise<ResolvedImage>;

export interface ImageService {
  /**
   * What can be told at once is: a name that nothing has is refused before anything is begun.
   * @param name  as a user gave it, no address; the default image when undefined
   * @param architecture  of the machine; the image's own, or the host's, when undefined
   * @throws image-not-found, bad-argument  the image is for another architecture, or several have the name
   */
  choose(name: string | undefined, architecture?: Architecture): Promise<ChosenImage>;
  /** The same for an address. */
  fetch(wish: Wish, architecture: Architecture | undefined, task: Parameters<ChosenImage>[0]): Promise<ResolvedImage>;
  /** @throws image-not-found, bad-argument */
  find(request: { readonly wish: string; readonly architecture: string | undefined; readonly unsupported: boolean; readonly force: boolean }, signal: AbortSignal): Promise<WireFound>;
  list(): Promise<WireImage[]>;
  /** @throws bad-argument */
  build(target: string, architecture: string | undefined, force: boolean): WireOperation;
  /** @throws image-refused, no-space, cancelled */
  upload(body: Readable, name: string, signal: AbortSignal): Promise<WireImage>;
}

export interface ImageParts {
  readonly store: ImageStore;
  readonly engine: OperationEngine;
  readonly downloads: Downloads;
  readonly remotes: RemoteImages;
  /** @throws image-build-failed and what else a build can meet */
  readonly build: (target: string, architecture: Architecture, force: boolean, task: Task) => Promise<ImageEntry>;
}

/** Nobody has to be waited for: what is known is on this disk. */
const SETTLED_MS = 10_000;

export function imageService({ store, engine, downloads, remotes, build }: ImageParts): ImageService {
  /** @throws image-not-found, bad-argument */
  async function ready(entry: ImageEntry, wanted: Architecture | undefined): Promise<ResolvedImage> {
    const image = resolved(entry, wanted);
    if (await store.use(entry.digest)) return image;
    throw fail('image-not-found', `the image ${image.label.name} has just been removed: nobody had used it for long`, { hint: 'launch it again' });
  }

  async function local(name: string, architecture: Architecture | undefined): Promise<ChosenImage | undefined> {
    const entry = resolveLocal(name, await store.list(), architecture ?? HOST_ARCHITECTURE);
    if (!entry) return undefined;
    const { label } = resolved(entry, architecture);
    return async (task) => {
      task.progress(`Retrieving image ${label.name}`);
      return await ready(entry, architecture);
    };
  }

  function published({ remote, image }: Found, architecture: Architecture): ChosenImage {
    const name = `${remote}:${image.aliases[0] ?? image.checksum.hex.slice(0, 12)}`;
    const label = { name: name.replace(/^(?:release|distributions):/, ''), os: image.os, release: image.release };
    return async (task) => {
      const { entry, notices } = await downloads.fetch({
        url: image.address, checksum: image.checksum, sizeBytes: image.sizeBytes,
        origin: { architecture, published: { name, os: image.os, release: image.release, version: image.version } },
      }, task);
      for (const notice of notices) task.notice(notice);
      return { ...await ready(entry, architecture), label };
    };
  }

  /** With a network it is Ubuntu's newest release with long support; without, what was built here. */
  async function byDefault(wanted: Architecture | undefined): Promise<ChosenImage> {
    const architecture = wanted ?? HOST_ARCHITECTURE;
    const built = await local(LOCAL_DEFAULT, wanted);
    const choose = async (signal: AbortSignal): Promise<ChosenImage> => {
      const { found, trouble } = await remotes.byDefault(architecture, signal);
      // A list that somebody may have tampered with is no reason to take another image.
      if (found === undefined && trouble?.code === 'image-refused') throw trouble;
      if (found === undefined) return insteadOf(trouble, built ?? refuseDefault(wanted, trouble));
      const chosen = published(found, architecture);
      return built === undefined ? chosen : async (task) => await orElse(chosen, built, task);
    };
    if (await remotes.isSettled(['release'])) return await choose(AbortSignal.timeout(SETTLED_MS));
    return async (task) => {
      task.progress('Retrieving the list of images');
      return await (await choose(task.signal))(task);
    };
  }

  return {
    async choose(name, wanted) {
      if (name === undefined) return await byDefault(wanted);
      const architecture = wanted ?? HOST_ARCHITECTURE;
      const text = name.replace(/^sha256:/, '');
      const here = await local(text, wanted);
      if (here) return here;
      const { remote, name: wish } = splitImageName(text);
      // `debian:13` is a name of ours, not a remote's.
      if (remote === 'local' || (remote !== undefined && /^debian[:-]/.test(text.toLowerCase()))) throw notBuilt(name, wanted);
      const where = remote === undefined ? UNNAMED : [requireRemoteName(remote)];
      const choose = async (signal: AbortSignal): Promise<ChosenImage> => {
        const { found, troubles, passed } = await remotes.lookUp(wish, where, architecture, signal);
        if (found) return insteadOf(passed, published(found, architecture));
        if (wish.startsWith('debian')) throw notBuilt(name, wanted);
        throw notFound(name, remote, wanted, troubles);
      };
      if (await remotes.isSettled(where)) return await choose(AbortSignal.timeout(SETTLED_MS));
      return async (task) => {
        task.progress('Retrieving the list of images');
        return await (await choose(task.signal))(task);
      };
    },
    async fetch(wish, architecture, task) {
      const { entry, notices } = await downloads.fetch(wish, task);
      for (const notice of notices) task.notice(notice);
      return await ready(entry, architecture);
    },
    find: async ({ architecture, ...request }, signal) => await remotes.find({ ...request, architecture: architecture === undefined ? HOST_ARCHITECTURE : requireArchitecture(architecture) }, signal),
    async list() {
      return wireImages(await store.list());
    },
    build(target, architectureName, force) {
      const architecture = architectureName === undefined ? HOST_ARCHITECTURE : requireArchitecture(architectureName);
      return engine.begin({
        kind: 'image-build', instanceName: null, instanceId: null, request: { target, architecture, force }, owner: null,
        body: async (task) => {
          task.step('build');
          const entry = await build(target, architecture, force, task);
          return { name: localAliases(entry)[0] ?? entry.sourceName, digest: entry.digest };
        },
      });
    },
    async upload(body, name, signal) {
      const origin: ImageOrigin = { sourceName: name, os: undefined, release: undefined, architecture: undefined, builtAt: new Date().toISOString(), recipe: undefined };
      const entry = await store.import({ stream: body }, origin, signal);
      return wireImage(entry, []);
    },
  };
}

/** What comes second is taken, and the launch says why. */
function insteadOf(trouble: HoldfastError | undefined, chosen: ChosenImage): ChosenImage {
  if (trouble === undefined) return chosen;
  return async (task) => {
    const image = await chosen(task);
    task.notice(`${trouble.message}; the image ${image.label.name} is used`);
    return image;
  };
}

/** A network that is there when the list is, and gone when the image is wanted, is no network. */
async function orElse(chosen: ChosenImage, built: ChosenImage, task: Parameters<ChosenImage>[0]): Promise<ResolvedImage> {
  try {
    return await chosen(task);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'download-failed') throw error;
    const image = await built(task);
    task.notice(`${error.message}; the image ${image.label.name} that was built here is used`);
    return image;
  }
}

/** @throws bad-argument */
function resolved(entry: ImageEntry, wanted: Architecture | undefined): ResolvedImage {
  const { digest, format, virtualSizeBytes, architecture = wanted ?? HOST_ARCHITECTURE } = entry;
  if (wanted !== undefined && architecture !== wanted) {
    throw fail('bad-argument', `the image ${labelOf(entry).name} is for ${architecture}, and the instance is to be ${wanted}`, { hint: 'leave --arch out, or choose another image: holdfast image list' });
  }
  return { architecture, digest, format, virtualSizeBytes, label: labelOf(entry) };
}
