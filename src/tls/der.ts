/** Writes ASN.1 in DER (ITU-T X.690), as much of it as a certificate has. Each function gives one whole element. */

const TAG = { boolean: 0x01, integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, utf8: 0x0c, utcTime: 0x17, generalizedTime: 0x18, sequence: 0x30, set: 0x31, context: 0xa0 } as const;

export function sequence(...elements: readonly Uint8Array[]): Uint8Array {
  return element(TAG.sequence, ...elements);
}

export function setOf(only: Uint8Array): Uint8Array {
  return element(TAG.set, only);
}

/** `[number] EXPLICIT` */
export function tagged(number: number, inner: Uint8Array): Uint8Array {
  return element(TAG.context | number, inner);
}

export function bool(value: boolean): Uint8Array {
  return element(TAG.boolean, Uint8Array.of(value ? 0xff : 0));
}

/** @param magnitude  big-endian, not negative */
export function integer(magnitude: Uint8Array): Uint8Array {
  const first = magnitude.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Uint8Array.of(0) : magnitude.subarray(first);
  // A leading bit would make it negative.
  return element(TAG.integer, (digits[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array(), digits);
}

/** Of whole bytes. */
export function bits(bytes: Uint8Array): Uint8Array {
  return element(TAG.bits, Uint8Array.of(0), bytes);
}

export function octets(bytes: Uint8Array): Uint8Array {
  return element(TAG.octets, bytes);
}

export function utf8(text: string): Uint8Array {
  return element(TAG.utf8, new TextEncoder().encode(text));
}

/** @param dotted  `1.2.840.10045.4.3.2` */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(TAG.oid, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

/** Of years before 2050, as RFC 5280 wants it. @param text  `000101000000Z` */
export function utcTime(text: string): Uint8Array {
  return element(TAG.utcTime, new TextEncoder().encode(text));
}

/** Of years from 2050 on. @param text  `99991231235959Z` */
export function generalizedTime(text: string): Uint8Array {
  return element(TAG.generalizedTime, new TextEncoder().encode(text));
}

/** The number's digits to the base 128, all but the last with the high bit. */
function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}

function element(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const length = content.reduce((sum, { length: each }) => sum + each, 0);
  const head = Uint8Array.of(tag, ...lengthOf(length));
  const whole = new Uint8Array(head.length + length);
  let at = 0;
  for (const part of [head, ...content]) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  return [0x80 | bytes.length, ...bytes];
}
