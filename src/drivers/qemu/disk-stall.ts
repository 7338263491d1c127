/** A machine that QEMU paused because its disk could not grow: why, and when it can go on. */
import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

export interface DiskStallParts {
  readonly name: string;
  /** Where its disk is. */
  readonly directory: string;
  readonly goOn: () => Promise<unknown>;
  readonly log: (cause: string, message: string) => void;
}

/** Enough for a guest to write for a moment: with less it would be paused again at once. */
const ENOUGH_BYTES = 64 * 1024 * 1024;
const LOOK_MS = 2_000;

/** QEMU's own policy (werror=enospc): what was not written is written when the machine goes on, so nothing is lost. */
export class DiskStall implements Disposable {
  readonly #parts: DiskStallParts;
  readonly #over = new AbortController();
  #reason: string | null = null;

  constructor(parts: DiskStallParts) {
    this.#parts = parts;
  }

  /** In a sentence's end, as after `apollo is paused: `; null while it is not stalled. */
  get reason(): string | null {
    return this.#reason;
  }

  /** It goes on by itself when there is space. Nothing where it is stalled already. */
  begin(): void {
    const { name, directory, log } = this.#parts;
    if (this.#reason !== null) return;
    this.#reason = `its disk cannot grow, the host's is full: free some space where ${directory} is, and it goes on by itself`;
    log('disk-full', `${name} is paused: ${this.#reason}`);
    void this.#untilOver().catch((error: unknown) => {
      if (!this.#over.signal.aborted) log('qemu-monitor', `${name}: it cannot be let go on: ${error instanceof Error ? error.message : String(error)}`);
    });
  }

  [Symbol.dispose](): void {
    this.#over.abort();
  }

  async #untilOver(): Promise<void> {
    const { name, directory, goOn, log } = this.#parts;
    await untilSpace(directory, this.#over.signal);
    this.#reason = null;
    await goOn();
    log('disk-space', `${name} goes on: there is space for its disk again`);
  }
}

/** Resolves when there is space again where the disk is; rejects when the signal aborts. */
async function untilSpace(directory: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(LOOK_MS, undefined, { signal, ref: false });
    const free = await statfs(directory).then(({ bavail, bsize }) => bavail * bsize, () => 0);
    if (free >= ENOUGH_BYTES) return;
  }
}
