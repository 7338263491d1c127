/** Images as launch and the API see them: names resolved, builds as operations, uploads verified. */
import type { Readable } from 'node:stream';
import type { WireImage, WireOperation } from '../api/schemas.ts';
import { localAliases, resolveLocal } from '../core/catalogue/local.ts';
import { fail } from '../core/errors.ts';
import type { ImageLabel } from '../core/instance.ts';
import type { ImageEntry, ImageOrigin } from '../images/store-entry.ts';
import type { ImageStore } from '../images/store.ts';
import type { OperationEngine, Task } from './operations/engine.ts';

export interface ResolvedImage {
  readonly digest: string;
  readonly format: 'qcow2' | 'raw';
  readonly virtualSizeBytes: number;
  readonly label: ImageLabel;
}

export interface ImageService {
  /** @param name  as a user gave it; the default image when undefined. @throws image-not-found */
  resolve(name: string | undefined): Promise<ResolvedImage>;
  list(): Promise<WireImage[]>;
  build(target: string, force: boolean): WireOperation;
  /** @throws image-refused, no-space, cancelled */
  upload(body: Readable, name: string, signal: AbortSignal): Promise<WireImage>;
}

export interface ImageParts {
  readonly store: ImageStore;
  readonly engine: OperationEngine;
  /** @throws image-build-failed and what else a build can meet */
  readonly build: (target: string, force: boolean, task: Task) => Promise<ImageEntry>;
}

/** While no other image is there. */
const DEFAULT_IMAGE = 'debian';

export function imageService({ store, engine, build }: ImageParts): ImageService {
  return {
    async resolve(name) {
      const wanted = name?.replace(/^sha256:/, '') ?? DEFAULT_IMAGE;
      const entry = resolveLocal(wanted, await store.list());
      if (entry) return { digest: entry.digest, format: entry.format, virtualSizeBytes: entry.virtualSizeBytes, label: labelOf(entry) };
      throw fail('image-not-found', `there is no image ${JSON.stringify(name ?? DEFAULT_IMAGE)}`, {
        hint: /^(local:)?debian/.test(wanted) ? `build it first: holdfast image build ${wanted.replace(/^local:/, '').replace('-', ':')}` : 'see which there are: holdfast image list',
      });
    },
    async list() {
      return wireImages(await store.list());
    },
    build: (target, force) => engine.begin({
      kind: 'image-build', instanceName: null, instanceId: null, request: { target, force },
      body: async (task) => {
        task.step('build');
        const entry = await build(target, force, task);
        return { name: localAliases(entry)[0] ?? entry.sourceName, digest: entry.digest };
      },
    }),
    async upload(body, name, signal) {
      const origin: ImageOrigin = { sourceName: name, os: undefined, release: undefined, builtAt: new Date().toISOString(), recipe: undefined };
      const entry = await store.import({ stream: body }, origin, signal);
      return wireImage(entry, []);
    },
  };
}

/** Each alias is shown at the image it means: of two builds of one release, at the newer. */
function wireImages(entries: readonly ImageEntry[]): WireImage[] {
  return entries.map((entry) => wireImage(entry, localAliases(entry).filter((alias) => resolveLocal(alias, entries) === entry)));
}

function wireImage(entry: ImageEntry, aliases: readonly string[]): WireImage {
  const { digest, format, fileBytes, virtualSizeBytes, builtAt } = entry;
  const { os, release } = labelOf(entry);
  return { digest, names: aliases.map((alias) => `local:${alias}`), format, os, release, sizeBytes: fileBytes, virtualSizeBytes, builtAt };
}

function labelOf({ os, release, sourceName }: ImageEntry): ImageLabel {
  if (os === undefined) return { name: sourceName, os: '', release: sourceName.replace(/^.*\//, '') };
  return { name: release === undefined ? os : `${os}-${release}`, os: os.charAt(0).toUpperCase() + os.slice(1), release: release ?? '' };
}
