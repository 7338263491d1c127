/**
 * Brings a file from the web into a part file, however often the line is cut: it goes on where it was as long as the
 * server vouches that the file is still the same one (If-Range, RFC 9110 13.1.5), or a checksum vouches for the whole, and
 * begins anew otherwise.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from '../../core/errors.ts';
import { delayBefore, type Backoff } from '../../core/retry/backoff.ts';
import { throwIfCancelled } from '../run.ts';
import { rangeValidator, readFacts, removePart, type PartFacts, type PartFiles } from './part.ts';
import { receive, type Limits } from './receive.ts';
import { shownUrl, type Answer, type Ask } from '../../web/request.ts';
import { Setback } from '../../web/setback.ts';
import { refusalOf } from './setback.ts';

export interface Transfer {
  readonly url: URL;
  readonly files: PartFiles;
  readonly ask: Ask;
  readonly limits: Limits;
  /** Its checksum is known: a server that does not tell one content from another is believed until it is compared. */
  readonly hasChecksum: boolean;
  readonly signal: AbortSignal;
  /** In 0..1; undefined where the server does not say how long the file is. */
  readonly progress: (fraction: number | undefined) => void;
  readonly random: () => number;
}

const BACKOFF: Backoff = { firstMs: 1_000, capMs: 15_000 };
/** In a row: a try that brought the file a good piece further does not count. */
const MOST_FAILURES = 5;
const GOOD_PIECE_BYTES = 1024 * 1024;

/** @returns what the server said of the file, which lies whole in `files.part`  @throws download-failed, image-not-found, image-refused, no-space, cancelled */
export async function transfer(wanted: Transfer): Promise<PartFacts> {
  const { url, files, signal } = wanted;
  let failures = 0;
  let furthest = 0;
  let met = false;
  for (;;) {
    try {
      return await attempt(wanted, () => { met = true; });
    } catch (error) {
      throwIfCancelled(signal);
      if (!(error instanceof Setback)) throw error;
      const arrived = (await readFacts(files))?.safeBytes ?? 0;
      failures = arrived >= furthest + GOOD_PIECE_BYTES ? 1 : failures + 1;
      furthest = Math.max(furthest, arrived);
      if (failures > MOST_FAILURES || !met) {
        throw fail('download-failed', `${shownUrl(url)} could not be downloaded: ${error.message}`, {
          hint: arrived > 0 ? 'what has arrived is kept: launch it again, and it goes on from there' : 'check the address and this machine\'s connection', cause: error,
        });
      }
    }
    await sleep(delayBefore(failures - 1, BACKOFF, wanted.random()), undefined, { signal }).catch(() => throwIfCancelled(signal));
  }
}

async function attempt({ url, files, ask, limits, hasChecksum, signal, progress }: Transfer, onAnswer: () => void): Promise<PartFacts> {
  const before = await readFacts(files);
  const validator = before && rangeValidator(before);
  const from = before === undefined || (validator === undefined && !hasChecksum) ? 0 : resumeAt(before);
  const answer = await ask(url, from > 0 ? { range: `bytes=${from}-`, ...(validator === undefined ? {} : { 'if-range': validator }) } : {}, signal);
  onAnswer();
  try {
    const start = await startOf(answer, from, before, files);
    requireFile(answer, shownUrl(url));
    const facts: PartFacts = start > 0 && before ? { ...before, isPieced: before.isPieced || validator === undefined } : {
      etag: answer.headers.etag, lastModified: answer.headers['last-modified'], total: lengthOf(answer), safeBytes: 0, isPieced: false,
    };
    return await receive({ url, body: answer.body, files, facts, start, limits, signal, progress });
  } finally {
    answer.body.destroy();
  }
}

/** Of a file that is already whole the last byte is asked for, so that the server still says whether it is the same file. */
function resumeAt(facts: PartFacts): number {
  if (facts.total === undefined) return facts.safeBytes;
  return facts.safeBytes > facts.total ? 0 : Math.max(0, Math.min(facts.safeBytes, facts.total - 1));
}

/** @returns where the answer's bytes belong  @throws Setback, image-not-found, download-failed */
async function startOf({ status, headers }: Answer, from: number, before: PartFacts | undefined, files: PartFiles): Promise<number> {
  if (status === 200) return 0;
  if (from > 0 && status === 206) {
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers['content-range'] ?? '') ?? [];
    const modified = headers['last-modified'];
    const same = (headers.etag === undefined || headers.etag === before?.etag) && (modified === undefined || before?.lastModified === undefined || modified === before.lastModified);
    const whole = before?.total === undefined || total === '*' || Number(total) === before.total;
    if (Number(start) === from && same && whole) return from;
  }
  if (from > 0 && (status === 206 || status === 416)) {
    await removePart(files);
    throw new Setback('cut', 'the file changed while it was downloaded');
  }
  throw refusalOf(status, 'the address');
}

/** Not `image-refused`, after which nothing is kept of an image: what answers may be somebody in between. @throws download-failed */
function requireFile({ headers }: Answer, name: string): void {
  if (/^text\/html\b/i.test(headers['content-type'] ?? '')) {
    throw fail('download-failed', `${name} is a web page, not a disk image`, { hint: 'give the address of the image itself' });
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw fail('download-failed', `${name} is sent in the encoding "${encoding.slice(0, 40)}", which was not asked for`);
}

function lengthOf({ headers }: Answer): number | undefined {
  const text = headers['content-length'];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
