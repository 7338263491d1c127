/** A connection that did not come about, and at which step; the message is a clause that callers put after a rung's name. */
import { HoldfastError } from '../../core/errors.ts';
import { plainLine } from '../../core/plain-text.ts';

/** `refused`: sshd did not take the user or the key; `login`: it did not get so far in time. */
export type Stage = 'connect' | 'doorman' | 'sshd' | 'host-key' | 'login' | 'refused' | 'lost' | 'not-ready';

export class ReachFailure extends HoldfastError {
  readonly stage: Stage;
  /** Its time had run out: nothing says that it would not have come about in more. */
  readonly isLate: boolean;

  constructor(stage: Stage, message: string, { isLate = false, ...more }: { hint?: string; cause?: unknown; isLate?: boolean } = {}) {
    super('guest-unreachable', message, more);
    this.stage = stage;
    this.isLate = isLate;
  }
}

/** The clause for any error: what guests say is cut short and made printable, since it ends in logs and terminals. */
export function clause(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error));
}

export function printable(text: string, maxLength = 300): string {
  return plainLine(text.trim(), maxLength).trim();
}
