/**
 * Unpacks gzip user data on the host. cloud-init unpacks data that comes alone, but in a multipart message it neither
 * looks for a MIME message inside nor keeps 8-bit text; so what goes into the seed is unpacked first.
 */
import { gunzipSync } from 'node:zlib';
import { fail } from '../core/errors.ts';

const MOST_BYTES = 16 << 20;

/** @throws bad-cloud-init */
export function unpackUserData(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return new Uint8Array(gunzipSync(bytes, { maxOutputLength: MOST_BYTES }));
  } catch (cause) {
    throw fail('bad-cloud-init', `The cloud-init data looks like gzip but cannot be unpacked: ${String(cause)}`, {
      hint: `It must be whole, and at most ${MOST_BYTES >> 20} MiB when unpacked`, cause,
    });
  }
}
