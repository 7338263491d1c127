/** The one host key that a guest may show: it was made by us, so it is compared byte for byte. */
import { timingSafeEqual } from 'node:crypto';
import { fail } from '../../core/errors.ts';

export interface HostKey {
  readonly type: string;
  readonly blob: Buffer;
}

/** @param line  as in a .pub file: type, base64, comment */
export function parseHostKey(line: string): HostKey {
  const [type, base64] = line.trim().split(/\s+/);
  const blob = Buffer.from(base64 ?? '', 'base64');
  if (!type || blob.length < 20 || !blob.subarray(4).toString('latin1').startsWith(type)) throw fail('internal', 'a host key that Holdfast keeps cannot be read');
  return { type, blob };
}

export function isHostKey(expected: HostKey, shown: Buffer): boolean {
  return shown.length === expected.blob.length && timingSafeEqual(shown, expected.blob);
}
