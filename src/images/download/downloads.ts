/**
 * Images from the web: what was fetched before is used again when the server says that it is still the same, or cannot be
 * asked; everything else is downloaded, compared with its checksum, and goes the way of any other file into the store.
 */
import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { showChecksum, type Checksum } from '../../core/checksum.ts';
import { fail, HoldfastError } from '../../core/errors.ts';
import { MOST_IMAGE_BYTES, RESERVE_BYTES, roomIn } from '../limits.ts';
import { run as realRun, type Run } from '../run.ts';
import type { ImageEntry, ImageOrigin } from '../store-entry.ts';
import type { ImageStore } from '../store.ts';
import { isXz, unpackXz } from '../unpack-xz.ts';
import { downloadKey, partFiles, readFetched, removePart, writeFetched, type FetchedRecord, type PartFiles, type Validators } from './part.ts';
import type { Limits } from './receive.ts';
import { isWebUrl, openWeb, shownUrl, type Ask } from '../../web/request.ts';
import { Setback } from '../../web/setback.ts';
import { refusalOf } from './setback.ts';
import { SharedWork, type Joiner } from './shared.ts';
import { sweepDownloads } from './sweep.ts';
import { transfer } from './transfer.ts';

export interface Wish {
  readonly url: string;
  readonly checksum: Checksum | undefined;
  /** Of the file, where that is known beforehand: a server that sends more is not listened to. */
  readonly sizeBytes?: number | undefined;
  /** What is known of it besides. */
  readonly origin?: Partial<Pick<ImageOrigin, 'architecture' | 'published'>>;
}

export interface Fetched {
  readonly entry: ImageEntry;
  /** What whoever launches it should know. */
  readonly notices: readonly string[];
}

export interface Downloads {
  /** @throws bad-argument, download-failed, image-not-found, image-refused, no-space, cancelled */
  fetch(wish: Wish, joiner: Joiner): Promise<Fetched>;
  /** Removes what nobody has gone on with for long. */
  sweep(): Promise<void>;
}

export interface DownloadSetup {
  readonly store: ImageStore;
  /** On the same file system as the store. */
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  readonly now: () => Date;
  readonly random: () => number;
  readonly run?: Run;
  readonly ca?: readonly string[] | undefined;
  readonly limits?: Partial<Limits>;
}

const LIMITS: Limits = { mostBytes: MOST_IMAGE_BYTES, reserveBytes: RESERVE_BYTES, stallMs: 30_000 };
const ANSWER_MS = 30_000;

export function imageDownloads({ store, directory, env, now, random, run = realRun, ca, limits: given }: DownloadSetup): Downloads {
  const limits = { ...LIMITS, ...given };
  const ask = openWeb({ env, ca, answerMs: Math.min(ANSWER_MS, limits.stallMs) });
  const shared = new SharedWork<Fetched>();
  const inUse = new Set<string>();

  async function sweep(): Promise<void> {
    const digests = new Set((await store.list()).map(({ digest }) => digest));
    await sweepDownloads(directory, { nowMs: now().getTime(), inUse, digests });
  }

  async function fetch(url: URL, { checksum, sizeBytes, origin }: Wish, files: PartFiles, { signal, progress }: Joiner): Promise<Fetched> {
    const stored = await store.list();
    const record = await readFetched(files);
    const named = (digest: string | undefined): ImageEntry | undefined => stored.find((entry) => entry.digest === digest);
    const kept = named(record?.digest);
    const unvouched = checksum === undefined && url.protocol === 'http:' ? [`${shownUrl(url)} came over plain http and without a checksum: nobody vouches for what is in it`] : [];
    if (checksum !== undefined) {
      const same = kept ?? (checksum.algorithm === 'sha256' ? named(checksum.hex) : undefined);
      if (same) return { entry: same, notices: [] };
    } else if (record && kept) {
      const still = await stillTheSame(ask, url, record, signal);
      if (still !== 'changed') return { entry: kept, notices: still === 'same' ? unvouched : [...unvouched, `${still.message}; the image that was fetched from ${shownUrl(url)} on ${record.fetchedAt.slice(0, 10)} is used`] };
    }
    progress('Retrieving image', 0);
    try {
      const validators = await bring(url, checksum, files, { ...limits, exactBytes: sizeBytes }, { signal, progress });
      const entry = await addToStore(url, origin ?? {}, files, signal);
      await writeFetched(files, { etag: validators.etag, lastModified: validators.lastModified, digest: entry.digest, fetchedAt: now().toISOString() });
      await removePart(files);
      return { entry, notices: unvouched };
    } catch (error) {
      // What was interrupted, or lacks a tool or some space, need not be downloaded a second time; what is no image must be.
      if (error instanceof HoldfastError && error.code === 'image-refused') await removePart(files);
      throw error;
    }
  }

  /** @returns what the server said of it */
  async function bring(url: URL, checksum: Checksum | undefined, files: PartFiles, within: Limits, joiner: Joiner, again = false): Promise<Validators> {
    const { signal, progress } = joiner;
    const facts = await transfer({ url, files, ask, limits: within, hasChecksum: checksum !== undefined, signal, random, progress: (fraction) => progress('Retrieving image', fraction) });
    progress('Verifying image');
    if (checksum === undefined) return facts;
    const hex = await digestOf(files.part, checksum.algorithm, signal);
    if (hex === checksum.hex) return facts;
    if (!facts.isPieced || again) throw wrongChecksum(shownUrl(url), checksum, hex);
    // Put together out of two contents, perhaps.
    await removePart(files);
    return await bring(url, checksum, files, within, joiner, true);
  }

  async function addToStore(url: URL, origin: NonNullable<Wish['origin']>, files: PartFiles, signal: AbortSignal): Promise<ImageEntry> {
    const name = shownUrl(url);
    let ownFile = files.part;
    if (await isXz(files.part)) {
      await unpackXz(files.part, files.unpacked, await roomIn(directory, limits), name, run, signal);
      ownFile = files.unpacked;
    }
    const digest = await digestOf(ownFile, 'sha256', signal);
    // One that is there keeps what is known of it, as which release it is.
    const known = (await store.list()).find((entry) => entry.digest === digest);
    return known ?? await store.import({ ownFile }, { sourceName: name, os: undefined, release: undefined, architecture: undefined, builtAt: now().toISOString(), recipe: undefined, ...origin }, signal, digest);
  }

  return {
    sweep,
    async fetch(wish, joiner) {
      const url = requireUrl(wish.url);
      const key = downloadKey(url, wish.checksum);
      return await shared.join(key, joiner, async (one) => {
        inUse.add(key);
        try {
          await mkdir(directory, { recursive: true, mode: 0o700 });
          await sweep();
          return await fetch(url, wish, partFiles(directory, key), one);
        } finally {
          inUse.delete(key);
        }
      });
    },
  };
}

/** @returns why it could not be asked, where it could not  @throws image-not-found, download-failed: what it was fetched from is not given out any more */
async function stillTheSame(ask: Ask, url: URL, { etag, lastModified }: FetchedRecord, signal: AbortSignal): Promise<'same' | 'changed' | Setback> {
  if (etag === undefined && lastModified === undefined) return 'changed';
  const condition: Record<string, string> = {
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    // A server that heeds it (RFC 9110, 13.1.3) ignores it beside the tag.
    ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
  };
  try {
    const { status, body } = await ask(url, condition, signal);
    body.destroy();
    if (status === 304) return 'same';
    if (status === 200) return 'changed';
    throw refusalOf(status, shownUrl(url));
  } catch (error) {
    if (error instanceof Setback) return error;
    throw error;
  }
}

function wrongChecksum(name: string, checksum: Checksum, hex: string): HoldfastError {
  return fail('image-refused', `${name} has the checksum ${showChecksum({ ...checksum, hex })}, not ${showChecksum(checksum)}`, { hint: 'it was not kept; compare the checksum with what its maker publishes' });
}

async function digestOf(path: string, algorithm: string, signal: AbortSignal): Promise<string> {
  await using file = await open(path, 'r');
  const hash = createHash(algorithm);
  await pipeline(file.createReadStream({ autoClose: false, start: 0, highWaterMark: 1024 * 1024 }), hash, { signal });
  return hash.digest('hex');
}

/** @throws bad-argument */
function requireUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !isWebUrl(url)) throw fail('bad-argument', `"${text.slice(0, 200)}" is no address of an image`, { hint: 'write it as https://host/path/image.qcow2' });
  if (url.username !== '' || url.password !== '') throw fail('bad-argument', `addresses with a name or a password in them are not taken: ${shownUrl(url)}`, { hint: 'download it yourself, then: holdfast launch file:///path/to/it' });
  url.hash = '';
  return url;
}
