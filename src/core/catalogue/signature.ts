/**
 * Decides from what gpgv reports (`--status-fd`, doc/DETAILS of GnuPG) whether a file is signed as it must be. Its exit
 * code will not do: of a key that has expired it says 0, and "good signature".
 */

export type Verdict =
  /** signedAt: seconds since 1970, as the signer's clock had it. */
  | { readonly kind: 'good'; readonly signedAt: number }
  /** Completes the sentence "its signature …". */
  | { readonly kind: 'bad'; readonly reason: string };

const REASONS: Readonly<Record<string, string>> = {
  BADSIG: 'does not match what is in it: it was changed on its way, or at its source',
  EXPSIG: 'has expired',
  EXPKEYSIG: 'was made with a key that has expired',
  REVKEYSIG: 'was made with a key that was revoked',
  ERRSIG: 'was made with a key that is not trusted here',
  NO_PUBKEY: 'was made with a key that is not trusted here',
  NODATA: 'is missing: it is no signed file',
};
/** MD5, SHA-1 and RIPEMD-160 by their numbers in RFC 4880, 9.4. */
const WEAK_DIGESTS: readonly string[] = ['1', '2', '3'];

export function judgeSignature(lines: readonly string[], exitCode: number | undefined): Verdict {
  const told = lines.filter((line) => line.startsWith('[GNUPG:] ')).map((line) => line.split(' ').slice(1));
  for (const [word, reason] of Object.entries(REASONS)) if (told.some(([first]) => first === word)) return { kind: 'bad', reason };
  const good = told.filter(([first]) => first === 'GOODSIG');
  const valid = told.filter(([first]) => first === 'VALIDSIG');
  const [only] = valid;
  if (exitCode !== 0 || good.length !== 1 || valid.length !== 1 || only === undefined) return { kind: 'bad', reason: 'cannot be verified' };
  // VALIDSIG fingerprint date seconds expires version reserved key-algorithm digest-algorithm class primary
  const [, , , seconds = '', , , , , digest = ''] = only;
  if (WEAK_DIGESTS.includes(digest)) return { kind: 'bad', reason: 'is of a kind that can be forged' };
  if (!/^\d{1,12}$/.test(seconds)) return { kind: 'bad', reason: 'does not say when it was made' };
  return { kind: 'good', signedAt: Number(seconds) };
}
