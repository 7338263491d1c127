/** What must hold of everything that reads bytes which somebody else chose. */
import fc from 'fast-check';
import { expect } from 'vitest';

/** Bytes of which some mean something to the reader: its own words, cut and repeated, between random ones. */
export function bytesAround(words: readonly string[], maxLength = 60): fc.Arbitrary<Buffer> {
  const word = fc.constantFrom(...words).chain((text) => fc.nat(text.length).map((cut) => Buffer.from(text.slice(0, cut + 1), 'latin1')));
  const whole = fc.constantFrom(...words).map((text) => Buffer.from(text, 'latin1'));
  const noise = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes));
  return fc.array(fc.oneof(whole, whole, word, noise), { maxLength }).map((pieces) => Buffer.concat(pieces));
}

/** Where a stream was cut into pieces changes nothing. @param read  a fresh reader each time, of these pieces */
export async function sameHoweverCut<T>(input: fc.Arbitrary<Buffer>, read: (pieces: readonly Buffer[]) => T | Promise<T>, numRuns = 150): Promise<void> {
  await fc.assert(fc.asyncProperty(input, fc.array(fc.nat(), { maxLength: 8 }), async (bytes, wishes) => {
    const cuts = [0, ...wishes.map((wish) => wish % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
    const pieces = cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end)).filter((piece) => piece.length > 0);
    expect(await read(pieces)).toEqual(await read(bytes.length === 0 ? [] : [bytes]));
  }), { numRuns });
}

/**
 * By the processor's time and not by the clock, so that what else the machine does is not measured. At this size a reader whose
 * time grows with the square needs minutes; one that grows with the length, well under a second.
 */
export function expectSoon(what: string, read: () => unknown): void {
  const before = process.cpuUsage();
  read();
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1e6, `seconds of ${what}`).toBeLessThan(4);
}

/** Bytes of a text that is to be read soon. */
export const LONG = 200_000;

/** JSON of any shape, with members that are dear to whoever turns it into text or copies it. */
export const anyJson = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, fc.jsonValue(), fc.constantFrom(null, 0, '', [], {}, 1e308, -1), tie('object')),
  object: fc.dictionary(fc.constantFrom('__proto__', 'toString', 'valueOf', 'constructor', 'error', 'v', 'type', 'links', 'length', 'then', 'user', 'version'), tie('value'), { maxKeys: 5 }),
})).value;
