/** One serial console for any number who look at it: each sees the same, all may type, and nobody waits for the slowest. */
import { Duplex } from 'node:stream';

/** What a reader may leave unread before it misses something. */
const MOST_UNREAD = 256 * 1024;
const TYPED_AHEAD = 16 * 1024;

export class ConsoleShare {
  readonly #attached = new Set<Attachment>();
  readonly #type: (keys: Buffer, done: () => void) => void;

  /** @param type  puts keys in at the machine's end; `done` when there is room for more */
  constructor(type: (keys: Buffer, done: () => void) => void) {
    this.#type = type;
  }

  /** A stream of all that is given from now on. Destroying it takes it away. */
  attach(): Duplex {
    const attachment = new Attachment(this.#type, () => this.#attached.delete(attachment));
    this.#attached.add(attachment);
    return attachment;
  }

  give(output: Buffer): void {
    for (const attachment of this.#attached) attachment.give(output);
  }

  /** Nothing more will come. */
  end(): void {
    for (const attachment of this.#attached) attachment.over();
    this.#attached.clear();
  }
}

class Attachment extends Duplex {
  readonly #type: (keys: Buffer, done: () => void) => void;
  readonly #left: () => void;
  #missed = 0;
  #over = false;

  constructor(type: (keys: Buffer, done: () => void) => void, left: () => void) {
    super({ readableHighWaterMark: MOST_UNREAD, writableHighWaterMark: TYPED_AHEAD });
    this.#type = type;
    this.#left = left;
    this.on('error', () => {});
  }

  give(output: Buffer): void {
    if (this.readableLength + output.length > MOST_UNREAD) {
      this.#missed += output.length;
      return;
    }
    this.#tellMissed();
    this.push(output);
  }

  over(): void {
    if (this.#over) return;
    this.#over = true;
    this.#left();
    this.#tellMissed();
    this.push(null);
    this.end();
  }

  #tellMissed(): void {
    if (this.#missed === 0) return;
    const notice = `\r\n[${this.#missed} bytes of the console are left out here: they were not read in time]\r\n`;
    this.#missed = 0;
    this.push(notice);
  }

  override _read(): void {
    if (this.readableLength === 0) this.#tellMissed();
  }

  override _write(keys: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#over) done();
    else this.#type(keys, done);
  }

  /** Who types no more has left, as soon as the last key was taken. */
  override _final(done: () => void): void {
    this.over();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#left();
    done(error);
  }
}
