import { expect, test } from 'vitest';
import { judgeSignature } from './signature.ts';

const GOOD = '[GNUPG:] GOODSIG E69B0BC733B01AC5 Test <t@x>';
const valid = (digest: string, seconds = '1795580154') => `[GNUPG:] VALIDSIG 8F4FDC55218BE78B24DCD65DE69B0BC733B01AC5 2026-11-25 ${seconds} 0 4 0 1 ${digest} 01 8F4FDC55218BE78B24DCD65DE69B0BC733B01AC5`;

test('one good signature with a digest that holds is good, and says when it was made', () => {
  expect(judgeSignature(['gpgv: Good signature', GOOD, valid('10')], 0)).toEqual({ kind: 'good', signedAt: 1795580154 });
});

test.each<[string, string[], number | undefined, RegExp]>([
  ['nothing was said', [], 0, /cannot be verified/],
  ['it ended badly', [GOOD, valid('10')], 2, /cannot be verified/],
  ['it was killed', [GOOD, valid('10')], undefined, /cannot be verified/],
  ['the words were not its own', [` ${GOOD}`, `gpgv: ${valid('10')}`], 0, /cannot be verified/],
  ['there are two', [GOOD, valid('10'), GOOD, valid('10')], 0, /cannot be verified/],
  ['it is of SHA-1', [GOOD, valid('2')], 0, /forged/],
  ['it is of MD5', [GOOD, valid('1')], 0, /forged/],
  ['its key has expired, though gpgv ends with 0', ['[GNUPG:] EXPKEYSIG BE4E0B62D741347D Old', valid('8')], 0, /key that has expired/],
  ['it has expired', ['[GNUPG:] EXPSIG BE4E0B62D741347D Old', valid('8')], 0, /^has expired/],
  ['its key was revoked', ['[GNUPG:] REVKEYSIG BE4E0B62D741347D Old', valid('8')], 0, /revoked/],
  ['one of two is bad', [GOOD, valid('10'), '[GNUPG:] BADSIG BE4E0B62D741347D x'], 0, /does not match/],
  ['the key is not known', ['[GNUPG:] ERRSIG E69B0BC733B01AC5 1 10 01 1795580154 9 8F4F'], 2, /not trusted/],
  ['there is none', ['[GNUPG:] NODATA 1'], 2, /missing/],
])('it is bad when %s', (_, lines, exitCode, reason) => expect(judgeSignature(lines, exitCode)).toMatchObject({ kind: 'bad', reason: expect.stringMatching(reason) }));
