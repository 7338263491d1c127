import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { reportLines } from './report-lines.ts';
import { MAX_LINE_BYTES } from './report-parser.ts';

async function lines(pieces: readonly (string | Buffer)[]): Promise<string[]> {
  const found: string[] = [];
  for await (const line of reportLines(Readable.from(pieces.map((piece) => Buffer.from(piece))), new AbortController().signal, () => {})) found.push(line);
  return found;
}

describe('reportLines', () => {
  test('joins pieces and cuts at line ends', async () => {
    expect(await lines(['{"a"', ':1}\n{"b":2}\n{', '}\n', 'rest'])).toEqual(['{"a":1}', '{"b":2}', '{}']);
  });

  test('drops a line that is too long and goes on with the next', async () => {
    expect(await lines(['x'.repeat(MAX_LINE_BYTES), 'y'.repeat(10), 'z\nnext\n'])).toEqual(['next']);
  });

  test('a character cut in two by the stream is whole again', async () => {
    const text = Buffer.from('é\n');
    expect(await lines([text.subarray(0, 1), text.subarray(1)])).toEqual(['é']);
  });

  test('of many lines in one piece others get their turn', async () => {
    let turns = 0;
    const others = setInterval(() => { turns += 1; }, 0);
    let count = 0;
    for await (const _line of reportLines(Readable.from([Buffer.from('{}\n'.repeat(96))]), new AbortController().signal, () => {})) {
      count += 1;
      // What a report brings about.
      for (const until = performance.now() + 2; performance.now() < until;);
    }
    clearInterval(others);
    expect(count).toBe(96);
    expect(turns).toBeGreaterThanOrEqual(5);
  });
});
