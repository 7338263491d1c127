import { expect, test } from 'vitest';
import { hasRange } from './rights.ts';

test.each([
  ['ann:100000:65536\n', true],
  ['1000:100000:65536\n', true],
  ['bob:100000:65536\nann:165536:65536', true],
  ['ann:100000:1000\n', false],
  ['anna:100000:65536\n', false],
  ['', false],
])('%j gives ann a range: %s', (text, expected) => expect(hasRange(text, 1000, 'ann')).toBe(expected));
