/** Brings a small file from the web onto the disk, whole or not at all, or learns that it is still the same. */
import { createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fail, HoldfastError } from '../../core/errors.ts';
import { shownUrl, type Ask } from '../../web/request.ts';
import { Setback, setbackOf } from '../../web/setback.ts';
import { refusalOf } from '../download/setback.ts';

export interface FileWish {
  readonly url: URL;
  readonly to: string;
  readonly mostBytes: number;
  /** A line that brings nothing in so long is given up. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
  /** Of the content that is here already. */
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

export interface FetchedFile {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

/** @returns undefined where it is still the same  @throws download-failed, image-not-found, image-refused, no-space, cancelled */
export async function fetchFile(wish: FileWish, ask: Ask): Promise<FetchedFile | undefined> {
  const { url, signal } = wish;
  try {
    return await fetchOnce(wish, ask);
  } catch (error) {
    if (signal.aborted) throw fail('cancelled', `the download of ${shownUrl(url)} was called off`, { cause: error });
    const told = setbackOf(error, url);
    if (!(told instanceof Setback)) throw told;
    throw fail('download-failed', `${shownUrl(url)} could not be downloaded: ${told.message}`, { hint: 'check this machine\'s connection; what was known before is still used', cause: error });
  }
}

async function fetchOnce({ url, to, mostBytes, stallMs, signal, etag, lastModified }: FileWish, ask: Ask): Promise<FetchedFile | undefined> {
  const { status, headers, body } = await ask(url, {
    ...(etag === undefined ? {} : { 'if-none-match': etag }), ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
  }, signal);
  try {
    if (status === 304 && (etag !== undefined || lastModified !== undefined)) return undefined;
    if (status !== 200) throw refusalOf(status, shownUrl(url));
    const length = headers['content-length'];
    if (length !== undefined && Number(length) > mostBytes) throw tooLarge(url, mostBytes);
    let seen = 0;
    let at = 0;
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        at += chunk.length;
        done(at > mostBytes ? tooLarge(url, mostBytes) : null, chunk);
      },
    });
    const watch = setInterval(() => {
      if (at === seen) body.destroy(new Setback('stalled', `${url.host} has sent nothing for ${stallMs / 1000} s`));
      seen = at;
    }, stallMs);
    try {
      await pipeline(body, counted, createWriteStream(to, { mode: 0o600 }), { signal });
    } finally {
      clearInterval(watch);
    }
    if (length !== undefined && at !== Number(length)) throw new Setback('cut', `the connection to ${url.host} ended after ${at} of ${length} bytes`);
    return { etag: headers.etag, lastModified: headers['last-modified'] };
  } catch (error) {
    throw error instanceof HoldfastError || error instanceof Setback ? error : setbackOf(error, url);
  } finally {
    body.destroy();
  }
}

function tooLarge(url: URL, mostBytes: number): Error {
  return fail('image-refused', `${shownUrl(url)} is refused: it is larger than ${Math.floor(mostBytes / 1024)} KiB`, { hint: 'no catalogue is so large: what was known before stays' });
}
