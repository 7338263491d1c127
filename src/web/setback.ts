/** Tells what may go better when it is tried again from what will not. */
import { fail, HoldfastError } from '../core/errors.ts';

/** `unreachable`: nobody was met at all. The others: somebody was, and it went wrong on the way. */
export class Setback extends Error {
  readonly kind: 'unreachable' | 'stalled' | 'cut' | 'busy';

  constructor(kind: Setback['kind'], message: string) {
    super(message);
    this.name = 'Setback';
    this.kind = kind;
  }
}

const UNREACHABLE: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known', EAI_AGAIN: 'its name cannot be looked up now', ECONNREFUSED: 'nobody listens there',
  ENETUNREACH: 'there is no way to it', EHOSTUNREACH: 'there is no way to it', ENETDOWN: 'there is no way to it', ETIMEDOUT: 'it does not answer',
};
const CUT: readonly string[] = ['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE'];

/** @returns a Setback, or download-failed for what would only happen again: a certificate that nobody trusts, an answer that is no HTTP */
export function setbackOf(error: unknown, { host }: URL): Error {
  if (error instanceof Setback || error instanceof HoldfastError) return error;
  const { code = '', message } = causeOf(error);
  const unreachable = UNREACHABLE[code];
  if (unreachable !== undefined) return new Setback('unreachable', `${host} cannot be reached: ${unreachable}`);
  if (code === 'ENOSPC' || code === 'EDQUOT') return fail('no-space', `no space is left to store what comes from ${host}`, { hint: 'free some space', cause: error });
  if (CUT.includes(code)) return new Setback('cut', `the connection to ${host} was cut`);
  const hint = /CERT|UNABLE_TO_|SELF_SIGNED/.test(code) ? 'where that authority is yours: install its certificate on this machine; a daemon that runs has to be started again' : undefined;
  return fail('download-failed', `${host} cannot be downloaded from: ${message}`, { hint, cause: error });
}

/** Of several addresses that were tried, the first says why. */
function causeOf(error: unknown): { code?: string; message: string } {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0];
  return error instanceof Error ? error : { message: String(error) };
}
