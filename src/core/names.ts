/** Decides what may be the name of an instance: a host name of one label, as Multipass has it. */
import { fail, type HoldfastError } from './errors.ts';

/** RFC 1123 allows 63 octets in a label. */
const MAX_LENGTH = 63;
const NAME = /^[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/;

export function isInstanceName(name: string): boolean {
  return name.length <= MAX_LENGTH && NAME.test(name);
}

/** @throws bad-name */
export function requireInstanceName(name: string): string {
  if (isInstanceName(name)) return name;
  throw nameRefusal(name);
}

export function nameRefusal(name: string): HoldfastError {
  return fail('bad-name', `Invalid instance name supplied: ${JSON.stringify(name).slice(1, -1).slice(0, 80)}`, {
    hint: 'a name starts with a letter, has letters, digits and hyphens, does not end in a hyphen, and has at most 63 characters',
  });
}
