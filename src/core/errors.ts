/**
 * The one error type for everything a user can meet, and the one table that says what each code means to
 * HTTP and to a shell. Whatever is thrown and is not a HoldfastError is a bug, and prints as one.
 *
 * Exit codes: 1 the command line was wrong, 2 the command failed, 3 the daemon failed, 5 a --timeout ran out,
 * 11 and 12 a network change would lock out or is invalid (as `net plan` ends), 255 a shell or exec could not reach the guest
 * (2 where another command could not: cli/failure.ts).
 */
export const ERROR_CODES = {
  'bad-argument': { http: 400, exit: 1 },
  /** Well formed, and cannot be had: what is named is ambiguous, taken, or not to be given away. */
  'refused': { http: 400, exit: 2 },
  'bad-name': { http: 400, exit: 2 },
  'bad-size': { http: 400, exit: 2 },
  'bad-cloud-init': { http: 400, exit: 1 },
  'netplan-invalid': { http: 400, exit: 12 },
  'netplan-lockout': { http: 409, exit: 11 },
  'transaction-armed': { http: 409, exit: 2 },
  'rolled-back': { http: 409, exit: 2 },
  'bad-setting': { http: 400, exit: 1 },
  'unknown-setting': { http: 404, exit: 1 },
  'instance-exists': { http: 409, exit: 2 },
  'instance-not-found': { http: 404, exit: 2 },
  'instance-deleted': { http: 409, exit: 2 },
  'instance-busy': { http: 409, exit: 2 },
  'wrong-state': { http: 409, exit: 2 },
  'instance-crashed': { http: 409, exit: 2 },
  'snapshot-exists': { http: 409, exit: 2 },
  'no-such-snapshot': { http: 404, exit: 2 },
  'image-not-found': { http: 404, exit: 2 },
  'image-refused': { http: 400, exit: 2 },
  'download-failed': { http: 502, exit: 2 },
  'image-build-failed': { http: 500, exit: 2 },
  'tool-missing': { http: 500, exit: 2 },
  'no-space': { http: 507, exit: 2 },
  'no-rights': { http: 403, exit: 2 },
  'not-authenticated': { http: 401, exit: 2 },
  'wrong-passphrase': { http: 403, exit: 2 },
  'too-many-attempts': { http: 429, exit: 2 },
  'no-accelerator': { http: 500, exit: 2 },
  'machine-failed': { http: 500, exit: 2 },
  /** A link of the host's that a card is to be on is not there, or not yet. */
  'link-missing': { http: 500, exit: 2 },
  'boot-failed': { http: 500, exit: 2 },
  'guest-unreachable': { http: 503, exit: 255 },
  'exec-failed': { http: 502, exit: 255 },
  'transfer-failed': { http: 500, exit: 2 },
  /** A deadline of the daemon's own. */
  'too-slow': { http: 504, exit: 2 },
  /** One that the caller set, by --timeout. */
  'timed-out': { http: 504, exit: 5 },
  'cancelled': { http: 499, exit: 2 },
  'operation-not-found': { http: 404, exit: 2 },
  'not-found': { http: 404, exit: 2 },
  'daemon-unreachable': { http: 503, exit: 2 },
  'daemon-denied': { http: 403, exit: 2 },
  'daemon-changed': { http: 502, exit: 2 },
  'daemon-already-running': { http: 409, exit: 2 },
  'daemon-failed': { http: 500, exit: 3 },
  'daemon-stopping': { http: 503, exit: 3 },
  'home-too-new': { http: 500, exit: 2 },
  'home-unusable': { http: 500, exit: 2 },
  'path-too-long': { http: 500, exit: 2 },
  'consent-needed': { http: 409, exit: 2 },
  'net-refused': { http: 409, exit: 2 },
  'not-supported': { http: 501, exit: 2 },
  'internal': { http: 500, exit: 2 },
} as const satisfies Record<string, { http: number; exit: number }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** What happened, to which thing (message), and what to do next (hint). */
export class HoldfastError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, more: { hint?: string | undefined; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'HoldfastError';
    this.code = code;
    this.hint = more.hint;
  }
}

export function fail(code: ErrorCode, message: string, more: { hint?: string | undefined; cause?: unknown } = {}): HoldfastError {
  return new HoldfastError(code, message, more);
}

/** The form in which an error crosses the API and is kept with an operation. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | null;
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CODES, text);
}

/** A bug (anything that is no HoldfastError) is recorded as `internal`, with its own message. */
export function errorRecord(error: unknown): ErrorRecord {
  if (error instanceof HoldfastError) return { code: error.code, message: error.message, hint: error.hint ?? null };
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: 'internal', message, hint: 'This is a bug in Holdfast; the daemon log has its trace: holdfast logs' };
}

/** One of another version may have a code that is not known here. */
export function fromRecord(record: ErrorRecord): HoldfastError {
  return fail(isErrorCode(record.code) ? record.code : 'internal', record.message, { hint: record.hint ?? undefined });
}
