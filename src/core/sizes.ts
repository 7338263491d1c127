/** Sizes as people write and read them: `512M`, `1.5GiB`, `5g`; 1024-based, as Multipass has them. */
import { fail } from './errors.ts';

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
const SIZE = /^\s*(\d+)(?:\.(\d+))?\s*(?:([KMG])i?B?|B)?\s*$/i;
/** No size needs more; the pattern's time grows with the square of the blanks it is given. */
const LONGEST = 64;
/** 8 EiB is past every file system; beyond 2^53 arithmetic would not be exact. */
const MAX_BYTES = Number.MAX_SAFE_INTEGER;

/** @returns bytes, or undefined where the text is no size */
export function parseSize(text: string): number | undefined {
  const found = text.length <= LONGEST ? SIZE.exec(text) : null;
  if (!found) return undefined;
  const unit = UNITS[(found[3] ?? '').toLowerCase()] ?? 1;
  if (unit === 1 && found[2] !== undefined) return undefined;
  const bytes = Math.floor(Number(`${found[1]}.${found[2] ?? '0'}`) * unit);
  return bytes <= MAX_BYTES ? bytes : undefined;
}

/** Processors that an instance can be given, whoever asks: at a launch, of a template, by a setting. */
export const MOST_CPUS = 512;

export type SizedThing = 'memory' | 'disk';

/** The least that Multipass accepts. */
export const MINIMUM_BYTES: Readonly<Record<SizedThing, number>> = { memory: 512 * 1024 ** 2, disk: 1024 ** 3 };

/** @throws bad-size  what is not a size, or is under the minimum for that thing */
export function requireSize(thing: SizedThing, text: string): number {
  const bytes = parseSize(text);
  if (bytes === undefined) {
    throw fail('bad-size', `Invalid ${thing} size value supplied: ${text.slice(0, 80)}.`, {
      hint: 'a size is a number and a unit, for example 512M, 1.5G or 20GiB',
    });
  }
  if (bytes < MINIMUM_BYTES[thing]) {
    throw fail('bad-size', `Invalid ${thing} size value supplied: ${text.slice(0, 80)}.`, {
      hint: `the minimum is ${showSize(MINIMUM_BYTES[thing])}`,
    });
  }
  return bytes;
}

/** One decimal and the largest binary unit that fits: `1.0GiB`, `512.0MiB`, `17B`. */
export function showSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let at = 0;
  while (value >= 1024 && at < units.length - 1) {
    value /= 1024;
    at += 1;
  }
  return at === 0 ? `${bytes}B` : `${value.toFixed(1)}${units[at]}`;
}
