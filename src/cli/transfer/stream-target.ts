/** Writes one file's content to a stream, as far as it is read. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { readEntry, readSize } from './entry.ts';
import { BadRecord, readData, RECORD, type TransferRecord } from './records.ts';
import type { Target } from './local-target.ts';

const HOLE = Buffer.alloc(256 * 1024);

export class StreamTarget implements Target {
  readonly #stream: Writable;
  #at = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  async take({ kind, payload }: TransferRecord): Promise<void> {
    if (kind === RECORD.data) {
      const { at, bytes } = readData(payload);
      await this.#fillTo(at);
      await this.#write(bytes);
    } else if (kind === RECORD.end) {
      await this.#fillTo(readSize(payload));
    } else if (kind === RECORD.entry) {
      if (readEntry(payload).kind !== 'file') throw new BadRecord('something that is no file');
    } else if (kind !== RECORD.done) {
      throw new BadRecord('a record that was not expected');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** A stream has no holes. */
  async #fillTo(place: number): Promise<void> {
    if (place < this.#at) throw new BadRecord('data at a place that has passed');
    while (this.#at < place) await this.#write(HOLE.subarray(0, Math.min(HOLE.length, place - this.#at)));
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#at += bytes.length;
    if (!this.#stream.write(bytes)) await once(this.#stream, 'drain');
  }
}
