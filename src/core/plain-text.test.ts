import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainLine, plainText } from './plain-text.ts';

// oxlint-disable-next-line no-control-regex -- control characters are what must not be there
const STEERS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;
const hostile = fc.string({ unit: fc.oneof(fc.constantFrom('\u001b[2J', '\u009b', '\u202e', '\u2066', '\n', '\ud800', 'é', 'a', '\u001b]0;x\u0007'), fc.string({ unit: 'binary', maxLength: 3 })) });

test('nothing that steers a terminal is left, and what is plain stays as it is', () => {
  fc.assert(fc.property(hostile, (text) => {
    expect(plainText(text)).not.toMatch(STEERS);
    expect(plainText(text).isWellFormed()).toBe(true);
    expect(plainText(plainText(text))).toBe(plainText(text));
  }));
  fc.assert(fc.property(fc.stringMatching(/^[ -~\n\u00a0-\u00ff\u4e00-\u4e20]*$/), (text) => plainText(text) === text));
});

test('one line is one line, and no longer than allowed', () => {
  fc.assert(fc.property(hostile, fc.nat(50), (text, most) => {
    expect(plainLine(text, most)).not.toContain('\n');
    expect(plainLine(text, most).length).toBeLessThanOrEqual(most + 1);
  }));
});
