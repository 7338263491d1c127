/**
 * Cuts what a reporter says into lines, within limits: an endless line is dropped, not collected, and a flood is left
 * where it comes from, because we stop reading and the guest's own buffers fill up.
 */
import type { Readable } from 'node:stream';
import { MAX_LINE_BYTES } from './report-parser.ts';
import { pause } from './ssh/time-limit.ts';

const MOST_PER_SECOND = 100;

/** @param flooded  called when the limit per second was met */
export async function* reportLines(stream: Readable, signal: AbortSignal, flooded: () => void, mostPerSecond = MOST_PER_SECOND): AsyncGenerator<string> {
  let held: Buffer[] = [];
  let size = 0;
  let dropping = false;
  let second = performance.now();
  let count = 0;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = piece.indexOf(0x0a); end >= 0; end = piece.indexOf(0x0a, from)) {
      const line = dropping ? undefined : Buffer.concat([...held, piece.subarray(from, end)]).toString();
      [held, size, dropping, from] = [[], 0, false, end + 1];
      count += 1;
      if (count > mostPerSecond) {
        flooded();
        await pause(second + 1000 - performance.now(), signal);
      }
      if (signal.aborted) return;
      if (performance.now() - second >= 1000) [second, count] = [performance.now(), 0];
      if (line !== undefined && line.length <= MAX_LINE_BYTES) yield line;
    }
    size += piece.length - from;
    if (size > MAX_LINE_BYTES) [held, dropping] = [[], true];
    // A copy: a small rest would otherwise keep the whole piece alive.
    if (!dropping && from < piece.length) held.push(Buffer.from(piece.subarray(from)));
  }
}
