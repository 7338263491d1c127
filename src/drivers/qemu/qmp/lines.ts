/** Cuts the monitor's byte stream into messages: one JSON object per line, bounded, since QEMU is not trusted with our memory. */

export const MAX_LINE_BYTES = 1024 * 1024;
const MAX_DEPTH = 64;

export type JsonObject = { readonly [key: string]: unknown };

export class ProtocolError extends Error {}

/** State between chunks: feed it bytes, get whole messages. */
export class MessageLines {
  #held: Buffer[] = [];
  #heldBytes = 0;
  readonly #maxLineBytes: number;

  constructor(maxLineBytes = MAX_LINE_BYTES) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** What came before a line that cannot be read is given all the same. @throws ProtocolError  a line too long, or one that is no JSON object; nothing can be believed after that */
  * push(chunk: Buffer): Generator<JsonObject, void, void> {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, from)) {
      this.#hold(chunk.subarray(from, end));
      const line = Buffer.concat(this.#held).toString('utf8').trim();
      this.#held = [];
      this.#heldBytes = 0;
      from = end + 1;
      if (line !== '') yield parseMessage(line);
    }
    this.#hold(chunk.subarray(from));
  }

  #hold(part: Buffer): void {
    this.#heldBytes += part.length;
    if (this.#heldBytes > this.#maxLineBytes) throw new ProtocolError(`a line of more than ${this.#maxLineBytes} bytes`);
    if (part.length > 0) this.#held.push(part);
  }
}

export function parseMessage(line: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new ProtocolError(`no JSON: ${line.slice(0, 80)}`);
  }
  if (!isObject(value)) throw new ProtocolError(`no object: ${line.slice(0, 80)}`);
  if (deeperThan(value, MAX_DEPTH)) throw new ProtocolError(`nested more than ${MAX_DEPTH} deep`);
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Level by level, not recursive: the depth is what is not trusted. */
function deeperThan(root: unknown, max: number): boolean {
  let level: unknown[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > max) return true;
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
  return false;
}
