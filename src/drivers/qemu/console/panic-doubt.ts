/**
 * Whether a kernel's last words on a console are its last: whoever reads them out at a console login (`dmesg`, `cat`, `wall`) says
 * the same, and his guest goes on. It is asked whether it does.
 */
import { pause } from '../../../guest/ssh/time-limit.ts';

/** More than an open connection may have been silent before it is asked anew: what was heard by then came after the words. */
const SETTLE_MS = 1_500;

export interface DoubtedGuest {
  readonly name: string;
  /** Whether it answers now, by any way into it; within seconds. */
  answers(): Promise<boolean>;
  /** It can say nothing then. */
  isPaused(): boolean;
  believe(words: string): void;
  readonly log: (cause: string, message: string) => void;
}

export class PanicDoubt implements Disposable {
  readonly #guest: DoubtedGuest;
  #words: string | undefined;
  #over = new AbortController();

  constructor(guest: DoubtedGuest) {
    this.#guest = guest;
  }

  /** What is in doubt now. */
  get words(): string | undefined {
    return this.#words;
  }

  async hear(words: string): Promise<void> {
    if (this.#words !== undefined) return;
    this.#words = words;
    const { signal } = this.#over;
    const sound = await this.#livesOn(signal);
    if (signal.aborted) return;
    this.#words = undefined;
    const { name, log, believe } = this.#guest;
    if (sound) log('console-panic', `${name}: its console says "${words}", but it answers: somebody read that out`);
    else believe(words);
  }

  /** The guest was restarted, by whomever (`panic=` is the kernel's own wish for it), or is at its end: nothing is in doubt any more. */
  clear(): void {
    this.#over.abort();
    this.#over = new AbortController();
    this.#words = undefined;
  }

  [Symbol.dispose](): void {
    this.clear();
  }

  async #livesOn(signal: AbortSignal): Promise<boolean> {
    for (;;) {
      await pause(SETTLE_MS, signal);
      if (signal.aborted) return true;
      if (this.#guest.isPaused()) continue;
      if (await this.#guest.answers()) return true;
      if (!this.#guest.isPaused()) return false;
    }
  }
}
