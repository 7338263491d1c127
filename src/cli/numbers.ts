/** Numbers on the command line. */
import { MOST_CPUS } from '../core/sizes.ts';
import { UsageError } from './failure.ts';

export const TIMEOUT_OPTION = {
  flags: '--timeout <seconds>', summary: 'how long to wait; the exit code is 5 when that was not enough',
} as const;

/** A day: what the API takes. */
const LONGEST_SECONDS = 86_400;

/** @throws UsageError */
export function timeoutSeconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = wholeNumber(text);
  if (!seconds) throw new UsageError('--timeout value has to be a positive integer');
  return Math.min(seconds, LONGEST_SECONDS);
}

/** @throws UsageError */
export function cpuCount(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const cpus = wholeNumber(text);
  if (!cpus || cpus > MOST_CPUS) throw new UsageError(`Invalid CPU count '${text}'`, `a whole number from 1 to ${MOST_CPUS}`);
  return cpus;
}

/** `5` or `+5`, in minutes. @throws UsageError */
export function delayMinutes(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const minutes = wholeNumber(text.replace(/^\+/, ''));
  if (minutes === undefined || minutes > 525_600) throw new UsageError(`Invalid delay '${text}'`, 'minutes as a whole number, for example 5 or +5');
  return minutes;
}

/** As `net history` numbers them. @throws UsageError */
export function revisionNumber(text: string): number {
  const number = wholeNumber(text.replace(/^#/, ''));
  if (!number || number > 999_999_999) throw new UsageError(`'${text}' is no revision`, 'a whole number from 1, as "net history" shows them');
  return number;
}

/** `60`, `60s` or `2m`. @throws UsageError */
export function durationSeconds(option: string, text: string): number {
  const found = /^(\d{1,6})([sm]?)$/.exec(text);
  if (!found) throw new UsageError(`${option} ${text} is no time`, `for example: ${option} 90s`);
  return Number(found[1]) * (found[2] === 'm' ? 60 : 1);
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
