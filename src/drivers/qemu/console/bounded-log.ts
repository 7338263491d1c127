/** A log of which only the last part is kept: two files, the older given up when the newer is full. */
import { open, rename, stat, type FileHandle } from 'node:fs/promises';

export class BoundedLog implements AsyncDisposable {
  readonly #path: string;
  readonly #halfBytes: number;
  #file: FileHandle | undefined;
  #size = 0;
  #last: Promise<void> = Promise.resolve();

  /** @param maxBytes  of both files together */
  constructor(path: string, maxBytes = 1024 * 1024) {
    this.#path = path;
    this.#halfBytes = Math.floor(maxBytes / 2);
  }

  /** In order; a log that cannot be written (a full disk) is no reason to stop reading the console. @returns when it is written */
  append(chunk: Buffer): Promise<void> {
    this.#last = this.#last.then(() => this.#write(chunk)).catch(() => undefined);
    return this.#last;
  }

  /** As logTail: all that was appended before, and nothing of what is appended later. */
  tail(maxBytes: number): Promise<string> {
    const tail = this.#last.then(() => logTail(this.#path, maxBytes)).catch(() => '');
    this.#last = tail.then(() => undefined);
    return tail;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    await this.#file?.close();
    this.#file = undefined;
  }

  async #write(chunk: Buffer): Promise<void> {
    if (this.#file === undefined) {
      this.#file = await open(this.#path, 'a', 0o600);
      this.#size = (await this.#file.stat()).size;
    }
    if (this.#size + chunk.length > this.#halfBytes && this.#size > 0) {
      await this.#file.close();
      this.#file = undefined;
      await rename(this.#path, `${this.#path}.1`);
      this.#file = await open(this.#path, 'a', 0o600);
      this.#size = 0;
    }
    const kept = chunk.subarray(Math.max(0, chunk.length - this.#halfBytes));
    await this.#file.write(kept);
    this.#size += kept.length;
  }
}

/** The last bytes of both files, cut at a line's begin where there is one. */
export async function logTail(path: string, maxBytes: number): Promise<string> {
  const newer = await tailOf(path, maxBytes);
  const older = newer.length < maxBytes ? await tailOf(`${path}.1`, maxBytes - newer.length) : Buffer.alloc(0);
  const all = Buffer.concat([older, newer]);
  const text = all.toString('utf8');
  return all.length < maxBytes || !text.includes('\n') ? text : text.slice(text.indexOf('\n') + 1);
}

async function tailOf(path: string, maxBytes: number): Promise<Buffer> {
  const size = await stat(path).then((found) => found.size, () => 0);
  const length = Math.min(size, maxBytes);
  if (length <= 0) return Buffer.alloc(0);
  await using file = await open(path, 'r');
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.subarray(0, bytesRead);
}
