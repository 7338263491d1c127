/** Writes an answer's bytes to the part file, and sees to it that they come, fit, and are there after a crash. */
import { open, type FileHandle } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { dirname } from 'node:path';
import { fail } from '../../core/errors.ts';
import { requireFree, tooLarge } from '../limits.ts';
import { writeFacts, type PartFacts, type PartFiles } from './part.ts';
import { shownUrl } from '../../web/request.ts';
import { Setback, setbackOf } from '../../web/setback.ts';

export interface Limits {
  /** Of one file. */
  readonly mostBytes: number;
  /** Of this one, where that is known beforehand. */
  readonly exactBytes?: number | undefined;
  /** Must stay free on the disk. */
  readonly reserveBytes: number;
  /** A line that brings less than a kilobyte in so long is given up. */
  readonly stallMs: number;
}

export interface Receipt {
  readonly url: URL;
  readonly body: IncomingMessage;
  readonly files: PartFiles;
  readonly facts: PartFacts;
  /** Offset of the body's first byte in the file; what lies behind it is overwritten. */
  readonly start: number;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  readonly progress: (fraction: number | undefined) => void;
}

const LEAST_BYTES = 1024;
/** So much may have to be downloaded again after the host lost its power. */
const FLUSH_BYTES = 64 * 1024 * 1024;

/** @returns the facts of the whole file  @throws Setback, image-refused, no-space, download-failed */
export async function receive({ url, body, files, facts, start, limits, signal, progress }: Receipt): Promise<PartFacts> {
  const { total } = facts;
  const requireLimits = async (missing: number): Promise<void> => {
    await requireFree(dirname(files.part), missing + limits.reserveBytes, shownUrl(url), 'free some space; what has arrived is kept');
  };
  const most = Math.min(limits.mostBytes, limits.exactBytes ?? Infinity);
  if (total !== undefined && (total > most || total !== (limits.exactBytes ?? total))) throw wrongSize(url, limits);
  await requireLimits((total ?? limits.exactBytes ?? 0) - start);
  await using file = await open(files.part, start > 0 ? 'r+' : 'w', 0o600);
  let at = start;
  let safe = start;
  const flush = async (): Promise<PartFacts> => {
    await file.datasync();
    safe = at;
    const known = { ...facts, safeBytes: at };
    await writeFacts(files, known);
    return known;
  };
  await flush();
  let seen = at;
  const watch = setInterval(() => {
    if (at - seen < LEAST_BYTES) body.destroy(new Setback('stalled', `${url.host} has sent nothing for ${limits.stallMs / 1000} s`));
    seen = at;
  }, limits.stallMs);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      if (at + chunk.length > most) throw wrongSize(url, limits);
      await writeAll(file, chunk, at);
      at += chunk.length;
      progress(total === undefined ? undefined : Math.min(1, at / total));
      if (at - safe < FLUSH_BYTES) continue;
      await flush();
      await requireLimits((total ?? at) - at);
    }
    if (total !== undefined && at !== total) throw new Setback('cut', `the connection to ${url.host} ended after ${at} of ${total} bytes`);
    if (at !== (limits.exactBytes ?? at)) throw wrongSize(url, limits);
    return await flush();
  } catch (error) {
    // What went wrong first is what is told.
    await flush().catch(() => undefined);
    throw setbackOf(error, url);
  } finally {
    clearInterval(watch);
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}

function wrongSize(url: URL, { mostBytes, exactBytes }: Limits): Error {
  if (exactBytes === undefined) return tooLarge(shownUrl(url), mostBytes);
  return fail('image-refused', `${shownUrl(url)} has not the ${exactBytes} bytes that it is listed with`, { hint: 'it was not kept; a mirror may be behind: holdfast find --force-update' });
}
