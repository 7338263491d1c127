import { expect, test } from 'vitest';
import { parseChecksum, showChecksum } from './checksum.ts';

test.each([`sha256:${'0a'.repeat(32)}`, `sha512:${'0a'.repeat(64)}`])('%s is read', (text) => {
  expect(showChecksum(parseChecksum(text))).toBe(text);
  expect(showChecksum(parseChecksum(` ${text.toUpperCase()}\n`))).toBe(text);
});

test.each(['', 'sha256:', `sha256:${'0'.repeat(63)}`, `sha512:${'0'.repeat(64)}`, `md5:${'0'.repeat(32)}`, '0'.repeat(64), `sha256:${'g'.repeat(64)}`])('%j is refused', (text) => {
  expect(() => parseChecksum(text)).toThrowError(expect.objectContaining({ code: 'bad-argument' }) as Error);
});
