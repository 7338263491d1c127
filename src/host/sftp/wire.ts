/** Numbers and pieces of SFTP version 3 (draft-ietf-secsh-filexfer-02), and OpenSSH's extensions as far as sshfs asks for them. */

export const REQUEST = {
  init: 1, open: 3, close: 4, read: 5, write: 6, lstat: 7, fstat: 8, setstat: 9, fsetstat: 10, opendir: 11, readdir: 12,
  remove: 13, mkdir: 14, rmdir: 15, realpath: 16, stat: 17, rename: 18, readlink: 19, symlink: 20, extended: 200,
} as const;
export const ANSWER = { version: 2, status: 101, handle: 102, data: 103, name: 104, attrs: 105, extended: 201 } as const;
export const STATUS = { ok: 0, eof: 1, noSuchFile: 2, permissionDenied: 3, failure: 4, badMessage: 5, unsupported: 8 } as const;
export type Status = (typeof STATUS)[keyof typeof STATUS];

export const VERSION = 3;
/** Of one packet, the length before it not counted: what OpenSSH's programs take at most. */
export const MOST_BYTES = 256 * 1024;
/** Linux takes paths of 4 KiB in one call; what lies deeper is reached here step by step. */
const LONGEST_PATH = 32 * 1024;

/** The other end broke the protocol, and nothing more of it can be understood. */
export class ProtocolError extends Error {}

/** Reads what a packet holds, and never past its end. */
export class PacketReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  byte(): number { return this.#take(1).readUInt8(); }
  uint32(): number { return this.#take(4).readUInt32BE(); }
  uint64(): bigint { return this.#take(8).readBigUInt64BE(); }
  /** A view, no copy. */
  string(): Buffer { return this.#take(this.uint32()); }

  /** Octets, none of them NUL. @throws ProtocolError */
  path(): Buffer {
    const path = this.string();
    if (path.length > LONGEST_PATH || path.includes(0)) throw new ProtocolError('a path that no system call takes');
    return path;
  }

  #take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) throw new ProtocolError('a packet that is shorter than it says');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** The pieces of an answer, for `packet`. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function uint64(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value));
  return bytes;
}

export function string(value: Buffer | string): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** @returns a whole packet, with its length in front */
export function packet(type: number, pieces: readonly Buffer[]): Buffer {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 1);
  const head = Buffer.allocUnsafe(5);
  head.writeUInt32BE(length);
  head.writeUInt8(type, 4);
  return Buffer.concat([head, ...pieces], length + 4);
}
