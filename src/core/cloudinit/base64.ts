/** Base64 (RFC 4648) without the platform's help: core knows no Buffer. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** @param lineLength  76 is what MIME allows; a multiple of 4 */
export function base64Lines(bytes: Uint8Array, lineLength = 76): string {
  const lines: string[] = [];
  const perLine = (lineLength / 4) * 3;
  for (let at = 0; at < bytes.length; at += perLine) lines.push(base64(bytes.subarray(at, at + perLine)));
  return lines.join('\n');
}

export function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b, c] = bytes.subarray(at, at + 3);
    text += ALPHABET.charAt(a >> 2) + ALPHABET.charAt(((a & 3) << 4) | ((b ?? 0) >> 4));
    text += b === undefined ? '=' : ALPHABET.charAt(((b & 15) << 2) | ((c ?? 0) >> 6));
    text += c === undefined ? '=' : ALPHABET.charAt(c & 63);
  }
  return text;
}
