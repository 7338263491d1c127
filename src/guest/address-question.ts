/**
 * Whether a guest whose control lane is silent answers by its address. To be asked costs it an sshd's start and a key
 * exchange, seconds of its processor where it is emulated; and one that is silent for want of a processor gets no better by
 * being asked. So those that do not answer are asked more and more rarely, and of all emulated ones one at a time.
 */
import type { ConnectionKeeper } from './lane.ts';
import { reachKept } from './rungs/kept.ts';
import type { GuestShell } from './shell.ts';
import { timeLimit } from './ssh/time-limit.ts';

const [FIRST_MS, RARELY_MS] = [15_000, 240_000];

export interface AddressAnswer {
  readonly answers: boolean;
  /** What the guest itself says of its lanes. */
  readonly why: string | undefined;
}

export interface AddressQuestionOptions {
  readonly address: ConnectionKeeper;
  /** Of an emulated guest. */
  readonly slow: boolean;
  readonly limitMs: number;
  readonly why: (shell: GuestShell, signal: AbortSignal) => Promise<string | undefined>;
}

const SILENT: AddressAnswer = { answers: false, why: undefined };
/** An emulated guest is being asked. */
let isTaken = false;

export class AddressQuestion {
  readonly #options: AddressQuestionOptions;
  #answer = SILENT;
  #askedAt = -Infinity;
  #failures = 0;
  #asking: AbortController | undefined;

  constructor(options: AddressQuestionOptions) {
    this.#options = options;
  }

  get answer(): AddressAnswer {
    return this.#answer;
  }

  /** What was learnt is void, and nobody needs to know what is being asked. */
  forget(): void {
    this.#asking?.abort();
    [this.#answer, this.#askedAt, this.#failures] = [SILENT, -Infinity, 0];
  }

  /** Resolves with a new answer, or at once where it is not time to ask. */
  async ask(signal: AbortSignal): Promise<void> {
    const { slow } = this.#options;
    const isDue = performance.now() - this.#askedAt >= Math.min(FIRST_MS * 2 ** Math.max(0, this.#failures - 1), RARELY_MS);
    if (!isDue || (slow && isTaken)) return;
    if (slow) isTaken = true;
    const asking = this.#asking = new AbortController();
    const answer = await this.#answered(AbortSignal.any([signal, asking.signal])).finally(() => { if (slow) isTaken = false; });
    if (asking.signal.aborted) return;
    this.#answer = answer;
    this.#askedAt = performance.now();
    this.#failures = this.#answer.answers ? 0 : this.#failures + 1;
  }

  async #answered(signal: AbortSignal): Promise<AddressAnswer> {
    const { address, limitMs, why } = this.#options;
    using limit = timeLimit(limitMs, signal);
    const shell = await reachKept(address, limit.signal).catch(() => undefined);
    return shell ? { answers: true, why: await why(shell, signal) } : SILENT;
  }
}
