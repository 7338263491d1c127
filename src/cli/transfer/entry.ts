/** One file, directory or link of a transfer. The names are octets, each the character with its number (Latin-1). */
import { BadRecord } from './records.ts';

export interface Entry {
  /** From the source itself down; the first is `.` where a directory's contents are meant. */
  readonly path: readonly string[];
  readonly kind: 'file' | 'folder' | 'link';
  /** The nine bits of read, write and execute. */
  readonly mode: number;
  /** Seconds since 1970, and nanoseconds of the next. */
  readonly modified: readonly [seconds: number, nanoseconds: number];
  /** Of a link. */
  readonly link?: string;
}

export interface Told {
  readonly path: string;
  readonly why: string;
  /** It was asked for, and is left out. */
  readonly isRefusal: boolean;
}

const MODE_BITS = 0o777;
/** As Linux has them. */
const NAME_MAX = 255;
const PATH_MAX = 4096;
const DEPTH_MAX = PATH_MAX / 2;
const NANOSECONDS = 1e9;

/** @throws BadRecord  also for what could lead out of the directory that is written to */
export function readEntry(payload: Uint8Array): Entry {
  const { path, kind, mode, modified, link } = fields(payload);
  if (!Array.isArray(path) || path.length === 0 || path.length > DEPTH_MAX || !path.every((name, index) => isName(name, index === 0))) throw new BadRecord('an entry without a proper path');
  if (kind !== 'file' && kind !== 'folder' && kind !== 'link') throw new BadRecord('an entry of no known kind');
  if (!Number.isInteger(mode) || !Array.isArray(modified)) throw new BadRecord('an entry without its mode or time');
  const [seconds, nanoseconds] = modified as unknown[];
  if (!Number.isSafeInteger(seconds) || !Number.isInteger(nanoseconds) || (nanoseconds as number) < 0 || (nanoseconds as number) >= NANOSECONDS) throw new BadRecord('an entry with a time that is none');
  if ((kind === 'link') !== isOctets(link, PATH_MAX)) throw new BadRecord('an entry with a link that is none');
  return {
    path: path as string[], kind, mode: (mode as number) & MODE_BITS, modified: [seconds as number, nanoseconds as number],
    ...(kind === 'link' ? { link: link as string } : {}),
  };
}

/** @throws BadRecord */
export function readSize(payload: Uint8Array): number {
  const { size } = fields(payload);
  if (!Number.isSafeInteger(size) || (size as number) < 0) throw new BadRecord('the end of a file without its size');
  return size as number;
}

/** @throws BadRecord */
export function readTold(payload: Uint8Array): Told {
  const { path, why, refused } = fields(payload);
  if (typeof path !== 'string' || typeof why !== 'string') throw new BadRecord('a message without its words');
  return { path: path.slice(0, PATH_MAX), why: why.slice(0, PATH_MAX), isRefusal: refused === true };
}

function fields(payload: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch { /* no JSON */ }
  throw new BadRecord('a record that is no JSON object');
}

function isName(name: unknown, isFirst: boolean): boolean {
  return isOctets(name, NAME_MAX) && name !== '' && name !== '..' && (isFirst || name !== '.') && !(name as string).includes('/');
}

function isOctets(value: unknown, most: number): boolean {
  // oxlint-disable-next-line no-control-regex -- all octets but NUL
  return typeof value === 'string' && value.length <= most && /^[\u0001-\u00ff]*$/.test(value);
}
