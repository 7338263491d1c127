/**
 * The images on disk: `<sha256>.qcow2|.raw`, read-only, with `<sha256>.json` beside it. An image exists once its
 * JSON does, which is renamed into place last; anything else in the directory is a leftover that sweep() removes.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fail } from '../core/errors.ts';
import { oneAtATime } from '../core/one-at-a-time.ts';
import { MOST_IMAGE_BYTES, requireFree, RESERVE_BYTES, roomIn, tooLarge } from './limits.ts';
import { run as realRun, throwIfCancelled, type Run } from './run.ts';
import { isNewerEntry, readEntry, writeEntry, type ImageEntry, type ImageOrigin } from './store-entry.ts';
import { isXz, unpackXz } from './unpack-xz.ts';
import { verifyImage } from './verify/verify-image.ts';

export type ImageSource =
  /** Copied, and unpacked where xz has compressed it; the original stays as it is. */
  | { readonly path: string }
  | { readonly stream: Readable }
  /** Moved into the store: a file of our own, on the same file system. */
  | { readonly ownFile: string };

export interface ImageStore {
  /**
   * @param expectedDigest  SHA-256 in hex that the bytes must have
   * @throws image-refused  what cannot be launched from;  no-space;  cancelled
   */
  import(source: ImageSource, origin: ImageOrigin, signal: AbortSignal, expectedDigest?: string): Promise<ImageEntry>;
  /** Newest first. */
  list(): Promise<ImageEntry[]>;
  pathOf(entry: Pick<ImageEntry, 'digest' | 'format'>): string;
  /** Remembers that it is used now; it is not removed as unused from then on. @returns false where it is not there any more */
  use(digest: string): Promise<boolean>;
  /** Whoever calls it knows that no instance uses the image. */
  remove(digest: string): Promise<void>;
  /** The same, unless it was used since. @param sinceMs  milliseconds since 1970  @returns whether it was removed */
  removeUnused(digest: string, sinceMs: number): Promise<boolean>;
  /** At start, before anything is imported: removes what a killed import left behind. */
  sweep(): Promise<void>;
}

const PARTIAL = '.partial';
const LIMITS = { mostBytes: MOST_IMAGE_BYTES, reserveBytes: RESERVE_BYTES };
/** Between two looks at how much is free. */
const LOOK_BYTES = 64 * 1024 * 1024;

export function openImageStore(directory: string, run: Run = realRun, limits = LIMITS): ImageStore {
  const pathOf: ImageStore['pathOf'] = ({ digest, format }) => join(directory, `${digest}.${format}`);
  const sidecar = (digest: string): string => join(directory, `${digest}.json`);
  // One at a time: what is about to be used is not removed meanwhile.
  const inTurn = oneAtATime();

  async function list(): Promise<ImageEntry[]> {
    const names = await readdir(directory).catch(() => []);
    const read = names
      .filter((name) => name.endsWith('.json'))
      .map(async (name) => {
        const entry = readEntry(await readFile(join(directory, name), 'utf8').catch(() => ''));
        return entry && name === `${entry.digest}.json` ? entry : undefined;
      });
    const entries = (await Promise.all(read)).filter((entry) => entry !== undefined);
    return entries.toSorted((a, b) => (a.builtAt < b.builtAt ? 1 : -1));
  }

  async function add(partial: string, origin: ImageOrigin, signal: AbortSignal, expected: string | undefined): Promise<ImageEntry> {
    // Read-only first: what is verified is what stays, and qemu-img without rights may read it.
    await chmod(partial, 0o444);
    await using file = await open(partial, 'r');
    const digest = await sha256(file, signal);
    if (expected !== undefined && digest !== expected) {
      throw fail('image-refused', `${origin.sourceName} has the SHA-256 ${digest}, not ${expected}`, { hint: 'get the image again' });
    }
    // Of the same bytes from somewhere it may be known already which release they are.
    const known = isKnown(origin) ? undefined : (await list()).find((each) => each.digest === digest);
    const entry: ImageEntry = { digest, ...(await verifyImage(file, origin.sourceName, run, signal)), ...(known ?? origin) };
    await file.sync();
    throwIfCancelled(signal);
    await rename(partial, pathOf(entry));
    const json = `${sidecar(digest)}.${randomUUID()}${PARTIAL}`;
    await writeFile(json, writeEntry(entry), { mode: 0o644, flush: true });
    await rename(json, sidecar(digest));
    return entry;
  }

  async function copy(source: Exclude<ImageSource, { readonly ownFile: string }>, to: string, signal: AbortSignal, name: string): Promise<void> {
    const from = 'path' in source ? createReadStream(source.path) : source.stream;
    try {
      await pipeline(withinLimits(from, name), createWriteStream(to, { flags: 'wx', mode: 0o600 }), { signal });
    } finally {
      if ('path' in source) from.destroy();
    }
  }

  /** In its place. */
  async function unpack(partial: string, signal: AbortSignal, name: string): Promise<void> {
    const packed = partial.replace(PARTIAL, `.xz${PARTIAL}`);
    await rename(partial, packed);
    try {
      await unpackXz(packed, partial, await roomIn(directory, limits), name, run, signal);
    } finally {
      await rm(packed, { force: true });
    }
  }

  async function* withinLimits(from: Readable, name: string): AsyncGenerator<Uint8Array> {
    let taken = 0;
    let looked = -LOOK_BYTES;
    // Of a request the connection would end with it, before its sender is told what is wrong.
    for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      if (taken - looked >= LOOK_BYTES) {
        await requireFree(directory, limits.reserveBytes, name, 'free some where images are kept');
        looked = taken;
      }
      taken += chunk.length;
      if (taken > limits.mostBytes) throw tooLarge(name, limits.mostBytes);
      yield chunk;
    }
  }

  async function remove(digest: string): Promise<void> {
    // The JSON first: a half-removed image must not be offered.
    await rm(sidecar(digest), { force: true });
    for (const format of ['qcow2', 'raw'] as const) await rm(pathOf({ digest, format }), { force: true });
  }

  return {
    pathOf,
    list,
    remove,
    use: async (digest) => await inTurn(async () => {
      const now = new Date();
      return await utimes(sidecar(digest), now, now).then(() => true, () => false);
    }),
    removeUnused: async (digest, sinceMs) => await inTurn(async () => {
      const usedMs = await stat(sidecar(digest)).then(({ mtimeMs }) => mtimeMs, () => Infinity);
      if (usedMs >= sinceMs) return false;
      await remove(digest);
      return true;
    }),
    async import(source, origin, signal, expectedDigest) {
      await mkdir(directory, { recursive: true });
      const partial = join(directory, `${randomUUID()}${PARTIAL}`);
      try {
        if ('ownFile' in source) await rename(source.ownFile, partial);
        else {
          await copy(source, partial, signal, origin.sourceName);
          if (await isXz(partial)) await unpack(partial, signal, origin.sourceName);
        }
        return await add(partial, origin, signal, expectedDigest);
      } catch (cause) {
        throw translated(cause, origin.sourceName, signal);
      } finally {
        await rm(partial, { force: true });
      }
    },
    async sweep() {
      const known = new Set((await list()).map((entry) => entry.digest));
      for (const name of await readdir(directory).catch(() => [])) {
        const digest = /^([0-9a-f]{64})\.(?:qcow2|raw)$/.exec(name)?.[1];
        const isLeftover = digest !== undefined && !known.has(digest) && !isNewerEntry(await readFile(sidecar(digest), 'utf8').catch(() => ''));
        if (name.endsWith(PARTIAL) || isLeftover) await rm(join(directory, name), { force: true });
      }
    },
  };
}

function isKnown({ recipe, published }: ImageOrigin): boolean {
  return recipe !== undefined || published !== undefined;
}

async function sha256(file: FileHandle, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(file.createReadStream({ autoClose: false, start: 0, highWaterMark: 1024 * 1024 }), hash, { signal });
  return hash.digest('hex');
}

/** Errors of the file system, as words about the image. */
function translated(cause: unknown, name: string, signal: AbortSignal): unknown {
  if (signal.aborted) return fail('cancelled', `the import of ${name} was cancelled`, { cause });
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT') return fail('image-not-found', `there is no file ${name}`, { cause });
  if (code === 'EISDIR') return fail('image-refused', `${name} is a directory, not a disk image`, { cause });
  if (code === 'EACCES') return fail('no-rights', `${name} cannot be read`, { hint: 'check who may read it', cause });
  if (code === 'ENOSPC' || code === 'EDQUOT') return fail('no-space', `no space is left to store ${name}`, { hint: 'free some where images are kept', cause });
  return cause;
}
