/**
 * Cuts what a reporter says into lines, within limits: an endless line is dropped, not collected, and a flood is left
 * where it comes from, because we stop reading and the guest's own buffers fill up.
 */
import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { Allowance } from './allowance.ts';
import { MAX_LINE_BYTES } from './report-parser.ts';

export interface MostPerSecond {
  readonly lines: number;
  readonly bytes: number;
}

/** An honest reporter says a line of a few hundred bytes when something has changed. */
const MOST_PER_SECOND: MostPerSecond = { lines: 100, bytes: 256 * 1024 };

/** An honest reporter has fewer to say at a time. */
const MOST_IN_A_ROW = 16;

/** @param flooded  called when a limit per second was met */
export async function* reportLines(stream: Readable, signal: AbortSignal, flooded: () => void, most: MostPerSecond = MOST_PER_SECOND): AsyncGenerator<string> {
  const [lines, bytes] = [new Allowance(most.lines), new Allowance(most.bytes)];
  let held: Buffer[] = [];
  let size = 0;
  let inARow = 0;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    if (await bytes.take(piece.length, signal)) flooded();
    let from = 0;
    for (let end = piece.indexOf(0x0a); end >= 0; end = piece.indexOf(0x0a, from)) {
      const line = size + end - from > MAX_LINE_BYTES ? undefined : Buffer.concat([...held, piece.subarray(from, end)]).toString();
      [held, size, from] = [[], 0, end + 1];
      if (await lines.take(1, signal)) flooded();
      if (signal.aborted) return;
      if (line !== undefined) yield line;
      // One piece can hold many: all that they bring about must not keep everybody else waiting.
      if (++inARow % MOST_IN_A_ROW === 0) await setImmediate();
    }
    size += piece.length - from;
    // A copy: a small rest would otherwise keep the whole piece alive.
    if (size > MAX_LINE_BYTES) held = [];
    else if (from < piece.length) held.push(Buffer.from(piece.subarray(from)));
    if (signal.aborted) return;
  }
}

/** The end of what was said, for whoever asks why it ended; read no faster than lines are. */
export function lastWords(stream: Readable, signal: AbortSignal, flooded: () => void, mostBytesPerSecond = MOST_PER_SECOND.bytes): () => string {
  const bytes = new Allowance(mostBytesPerSecond);
  let words = '';
  stream.on('data', (piece: Buffer) => {
    words = (words + piece.subarray(-LAST_WORDS).toString()).slice(-LAST_WORDS);
    stream.pause();
    void bytes.take(piece.length, signal).then((over) => {
      if (over) flooded();
      stream.resume();
    });
  });
  return () => words;
}

const LAST_WORDS = 400;
