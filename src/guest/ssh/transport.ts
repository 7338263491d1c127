/**
 * The byte stream under an SSH client: swallows what an older session left, then passes everything on, and keeps
 * count of when the guest last said anything. It is a Duplex of our own so that death is always seen as a close,
 * whatever stream a driver gives.
 */
import { Duplex } from 'node:stream';
import { awakeMs } from '../awake.ts';
import { findBanner, STALE_LIMIT } from './banner.ts';
import { printable, ReachFailure } from './failure.ts';

/**
 * What an SSH client answers by itself (to requests, to channels that are opened) waits here while the other end reads
 * nothing: an honest one takes it, or stops asking. Its open channels hold at most 2 MiB each.
 */
const MOST_UNSENT = 32 * 1024 * 1024;

export class SshTransport extends Duplex {
  /** The doorman's line (version, lane, count), or '' where the banner came without one. */
  readonly doorman: Promise<string>;
  readonly banner: Promise<void>;
  /** performance.now() of the last byte. */
  heardAt = awakeMs();
  /** Called after each piece has been handed on; the owner checks its limits here. */
  onPassed: () => void = () => {};
  readonly #raw: Duplex;
  readonly #doorman = Promise.withResolvers<string>();
  readonly #banner = Promise.withResolvers<void>();
  #held: Buffer | undefined = Buffer.alloc(0);
  #skipped = 0;

  constructor(raw: Duplex) {
    super({ allowHalfOpen: false });
    this.#raw = raw;
    this.doorman = this.#doorman.promise;
    this.banner = this.#banner.promise;
    this.doorman.catch(() => {});
    this.banner.catch(() => {});
    raw.on('data', (piece: Buffer) => this.#take(piece));
    raw.on('end', () => this.#over('the connection was closed'));
    raw.on('close', () => this.#over('the connection was closed'));
    raw.on('error', (error: Error) => this.#over(printable(error.message)));
    this.on('error', () => {});
    // One for each command whose input waits.
    this.setMaxListeners(0);
  }

  #take(piece: Buffer): void {
    this.heardAt = awakeMs();
    if (this.#held === undefined) {
      if (!this.push(piece)) this.#raw.pause();
      if (this.writableLength > MOST_UNSENT) this.destroy(new ReachFailure('lost', 'the guest asked without end, and took none of the answers'));
      this.onPassed();
      return;
    }
    this.#held = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    for (;;) {
      const found = findBanner(this.#held);
      if (found.kind === 'more') {
        this.#skipped += found.keepFrom;
        this.#held = this.#held.subarray(found.keepFrom);
        if (this.#skipped > STALE_LIMIT) this.#fail(new ReachFailure('doorman', `it sent ${STALE_LIMIT / 1024} KiB without starting a session`));
        return;
      }
      if (found.kind === 'error') {
        this.#fail(new ReachFailure('sshd', `sshd could not be started in the guest: ${printable(found.reason)}`));
        return;
      }
      if (found.kind === 'banner') {
        const rest = this.#held.subarray(found.at);
        this.#held = undefined;
        this.#doorman.resolve('');
        this.#banner.resolve();
        this.push(rest);
        return;
      }
      this.#skipped += found.end;
      this.#held = this.#held.subarray(found.end);
      this.#doorman.resolve(printable(found.line, 80));
    }
  }

  #fail(failure: ReachFailure): void {
    this.#doorman.reject(failure);
    this.#banner.reject(failure);
    this.destroy(failure);
  }

  #over(why: string): void {
    const failure = new ReachFailure('lost', why);
    this.#doorman.reject(failure);
    this.#banner.reject(failure);
    this.destroy();
  }

  override _read(): void {
    this.#raw.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#raw.write(chunk)) done();
    else this.#raw.once('drain', done);
  }

  override _final(done: () => void): void {
    this.#raw.end();
    done();
  }

  /** Lets what was written go out, but waits for nothing. */
  destroySoon(): void {
    this.#raw.end(() => this.destroy());
    setImmediate(() => this.destroy());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#raw.destroy();
    const failure = new ReachFailure('lost', error === null ? 'the connection was closed' : printable(error.message));
    this.#doorman.reject(failure);
    this.#banner.reject(failure);
    done(error);
  }
}
