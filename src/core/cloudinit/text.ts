/** Bytes and text as cloud-init sees them: UTF-8, strictly. */

/** @returns undefined when the bytes are not UTF-8 */
export function utf8Text(bytes: Uint8Array): string | undefined {
  let percent = '';
  for (const byte of bytes) percent += byte < 0x80 && byte !== 0x25 ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`;
  try {
    return decodeURIComponent(percent);
  } catch {
    return undefined;
  }
}

export function utf8Bytes(text: string): Uint8Array {
  const percent = encodeURIComponent(text.toWellFormed());
  const bytes = new Uint8Array(percent.length);
  let length = 0;
  for (let at = 0; at < percent.length; at++) {
    if (percent[at] === '%') {
      bytes[length++] = Number.parseInt(percent.slice(at + 1, at + 3), 16);
      at += 2;
    } else bytes[length++] = percent.charCodeAt(at);
  }
  return bytes.slice(0, length);
}

/** One character per byte, for searching in data of unknown form. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}
