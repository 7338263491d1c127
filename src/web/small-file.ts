/** A small file on the web, whole or not at all. */
import { fail } from '../core/errors.ts';
import { openWeb, shownUrl } from './request.ts';

export interface SmallFileLimits {
  /** Its proxies are heeded. */
  readonly env: NodeJS.ProcessEnv;
  readonly mostBytes: number;
  /** Of all of it. */
  readonly withinMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** @throws Setback, download-failed, the signal's reason */
export async function fetchSmallFile(url: URL, { env, mostBytes, withinMs, signal }: SmallFileLimits): Promise<Buffer> {
  const late = AbortSignal.timeout(withinMs);
  try {
    const { status, body } = await openWeb({ env, answerMs: withinMs })(url, {}, AbortSignal.any([late, ...(signal ? [signal] : [])]));
    if (status !== 200) {
      body.destroy();
      throw fail('download-failed', `${shownUrl(url)} cannot be had: the answer is ${status}`);
    }
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of body as AsyncIterable<Uint8Array>) {
      length += piece.length;
      // Leaving the loop ends the connection.
      if (length > mostBytes) throw fail('download-failed', `${shownUrl(url)} is too long: at most ${mostBytes} bytes are taken`);
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  } catch (error) {
    if (late.aborted && !signal?.aborted) throw fail('download-failed', `${shownUrl(url)} did not arrive within ${withinMs / 1000} s`, { cause: error });
    throw error;
  }
}
