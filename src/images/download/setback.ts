/** Tells what may go better when it is tried again from what will not. */
import { fail } from '../../core/errors.ts';
import { Setback } from '../../web/setback.ts';

/** What an answer that brings no file means. */
export function refusalOf(status: number, name: string): Error {
  if (status === 404 || status === 410) return fail('image-not-found', `there is nothing at ${name} (${status})`, { hint: 'check the address' });
  if (status === 408 || status === 429 || status >= 500) return new Setback('busy', `the server answered ${status}`);
  return fail('download-failed', `${name} is not given out (${status})`, { hint: 'download it yourself, then: holdfast launch file:///path/to/it' });
}
