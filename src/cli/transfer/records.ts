/**
 * What "transfer" and its program in the guest say to each other: records of one octet that says what it is, a length of
 * 32 bits (big endian), and so many octets. What comes from a guest is hostile: nothing is kept beyond MAX_RECORD_BYTES.
 */

export const RECORD = {
  /** A file, directory or link begins: JSON, as in entry.ts. */
  entry: 0x65,
  /** Of the file that was begun: its place in it, 64 bits big endian, then the octets. What no record gives is a hole. */
  data: 0x64,
  /** The file is whole: JSON `{size}`. */
  end: 0x7a,
  /** Something to tell a person: JSON `{path, why}`, with `refused: true` where it is a source that is left out. */
  notice: 0x6e,
  /** Everything has been sent, or kept. */
  done: 0x66,
  /** Nothing more comes: JSON `{path, why}`. */
  failed: 0x78,
} as const;

export type RecordKind = (typeof RECORD)[keyof typeof RECORD];

export interface TransferRecord {
  readonly kind: RecordKind;
  readonly payload: Uint8Array;
}

export const MAX_RECORD_BYTES = 1024 * 1024;
const HEAD_BYTES = 5;
const PLACE_BYTES = 8;
const KINDS: ReadonlySet<number> = new Set(Object.values(RECORD));

/** What was said is no record: whoever sends it does not keep to the protocol. */
export class BadRecord extends Error {}

export function record(kind: RecordKind, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const whole = new Uint8Array(HEAD_BYTES + length);
  whole[0] = kind;
  new DataView(whole.buffer).setUint32(1, length);
  let at = HEAD_BYTES;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function jsonRecord(kind: RecordKind, value: object): Uint8Array {
  return record(kind, new TextEncoder().encode(JSON.stringify(value)));
}

/** @param at  of the first octet in the file */
export function dataRecord(at: number, bytes: Uint8Array): Uint8Array {
  const place = new Uint8Array(PLACE_BYTES);
  new DataView(place.buffer).setBigUint64(0, BigInt(at));
  return record(RECORD.data, place, bytes);
}

/** @throws BadRecord */
export function readData(payload: Uint8Array): { readonly at: number; readonly bytes: Uint8Array } {
  if (payload.length < PLACE_BYTES) throw new BadRecord('data without a place');
  const at = Number(new DataView(payload.buffer, payload.byteOffset).getBigUint64(0));
  if (!Number.isSafeInteger(at)) throw new BadRecord('data at a place that no file has');
  return { at, bytes: payload.subarray(PLACE_BYTES) };
}

/** Cuts a stream into records, however it comes in pieces. */
export class RecordReader {
  #rest: Uint8Array = new Uint8Array();

  /** The payloads are valid until the next call. @throws BadRecord */
  * read(bytes: Uint8Array): Generator<TransferRecord> {
    let whole = bytes;
    if (this.#rest.length > 0) {
      whole = new Uint8Array(this.#rest.length + bytes.length);
      whole.set(this.#rest);
      whole.set(bytes, this.#rest.length);
    }
    let at = 0;
    while (whole.length - at >= HEAD_BYTES) {
      const kind = whole[at] ?? 0;
      const length = new DataView(whole.buffer, whole.byteOffset + at).getUint32(1);
      if (!KINDS.has(kind) || length > MAX_RECORD_BYTES) throw new BadRecord('what the guest sent is no record');
      if (whole.length - at < HEAD_BYTES + length) break;
      yield { kind: kind as RecordKind, payload: whole.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length) };
      at += HEAD_BYTES + length;
    }
    this.#rest = whole.slice(at);
  }
}
