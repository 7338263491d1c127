import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSize, requireSize, showSize } from './sizes.ts';

test.each([
  ['1G', 2 ** 30], ['1g', 2 ** 30], ['1GB', 2 ** 30], ['1GiB', 2 ** 30], ['1.5G', 1.5 * 2 ** 30], ['512M', 512 * 2 ** 20],
  ['10K', 10240], ['1073741824', 2 ** 30], ['100B', 100], [' 2G ', 2 ** 31],
])('%s is a size', (text, bytes) => expect(parseSize(text)).toBe(bytes));

test.each(['', 'G', '1CiG', '1.5', '1.G', '-1G', '1e3', '0x10', '1T', '9999999999999999G', '1 2G', 'NaN'])('%j is none', (text) => {
  expect(parseSize(text)).toBeUndefined();
});

test('a size under the minimum is refused with the minimum', () => {
  expect(() => requireSize('memory', '511M')).toThrow('Invalid memory size value supplied: 511M.');
  expect(() => requireSize('disk', '1023M')).toThrow('Invalid disk size value supplied: 1023M.');
  expect(requireSize('memory', '512M')).toBe(512 * 2 ** 20);
});

test('shown sizes have one decimal and the largest unit that fits', () => {
  expect([0, 1023, 1024, 2 ** 30, 1.5 * 2 ** 30].map(showSize)).toEqual(['0B', '1023B', '1.0KiB', '1.0GiB', '1.5GiB']);
});

test('whatever is typed, parsing gives a whole number of bytes or nothing', () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const bytes = parseSize(text);
    return bytes === undefined || (Number.isSafeInteger(bytes) && bytes >= 0);
  }));
});

test('a megabyte of blanks is no size, and takes no time to say so', () => expect(parseSize(`1${' '.repeat(1_000_000)}x`)).toBeUndefined());
