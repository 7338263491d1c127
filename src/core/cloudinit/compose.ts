/**
 * Puts Holdfast's boothook in front of a user's own data.
 *
 * The user's data stays byte for byte what it was, and cloud-init treats it as it would alone:
 * - what is no MIME message becomes a part of type text/x-not-multipart, the very type cloud-init gives to data
 *   that comes alone, so that the guest's own version decides what it is. It is base64: cloud-init mangles
 *   8-bit text in MIME parts. Its name is the one it would have had.
 * - a MIME message is a part as it stands: the grammar of a part is that of a message (RFC 2046, 5.1), and
 *   cloud-init walks into nested multiparts.
 * - gzip is a part of type application/gzip. cloud-init unpacks that, but does not look for a MIME message in it
 *   and mangles 8-bit text: unpack on the host first (host/unpack-user-data.ts).
 * The boothook is no cloud-config, so the merging of the user's cloud-configs starts from nothing, as without us.
 */
import { base64Lines } from './base64.ts';
import { latin1, utf8Bytes, utf8Text } from './text.ts';
import { userDataKind } from './user-data-kind.ts';

/**
 * @param boothook   ASCII, as boothookScript() makes it
 * @param companion  a cloud-config to merge after the user's, left out when there is none to go with
 */
export function composeUserData(boothook: string, userData: Uint8Array | undefined, companion = ''): Uint8Array {
  const boundary = unusedBoundary(latin1(userData ?? new Uint8Array(0)) + boothook + companion);
  const head = [
    `Content-Type: multipart/mixed; boundary="${boundary}"`, 'MIME-Version: 1.0', '',
    `--${boundary}`,
    'Content-Type: text/cloud-boothook; charset="us-ascii"',
    'Content-Transfer-Encoding: 7bit',
    'Content-Disposition: attachment; filename="holdfast-boothook"', '',
    boothook, '',
  ].join('\n');
  const part = userData === undefined ? undefined : userPart(userData);
  if (part === undefined) return utf8Bytes(`${head}--${boundary}--\n`);
  const tail = companion === '' ? '' : `--${boundary}\n${base64Part('text/cloud-config', 'holdfast-companion', utf8Bytes(companion))}\n`;
  return concatenate(utf8Bytes(`${head}--${boundary}\n`), part, utf8Bytes(`\n${tail}--${boundary}--\n`));
}

function base64Part(type: string, name: string, bytes: Uint8Array): string {
  return [
    `Content-Type: ${type}`,
    'Content-Transfer-Encoding: base64',
    `Content-Disposition: attachment; filename="${name}"`, '',
    base64Lines(bytes),
  ].join('\n');
}

function userPart(userData: Uint8Array): Uint8Array | undefined {
  const kind = userDataKind(userData);
  if (kind === 'empty') return undefined;
  // cloud-init decodes a whole message as UTF-8 and gives up on all of it otherwise: such data must not cost the boothook.
  if (kind === 'mime' && utf8Text(userData) !== undefined) return userData;
  const type = kind === 'gzip' ? 'application/gzip' : 'text/x-not-multipart';
  return utf8Bytes(base64Part(type, 'part-001', userData));
}

/** Deterministic, so that the same data gives the same seed. */
function unusedBoundary(text: string): string {
  // One look at the text, however many of them are in it.
  const taken = new Set(Array.from(text.matchAll(/==holdfast-(\d{1,9})(?===)/g), ([, count]) => Number(count)));
  let count = 0;
  while (taken.has(count)) count += 1;
  return `==holdfast-${count}==`;
}

function concatenate(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
