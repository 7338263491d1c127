/**
 * Reads what a guest says in JSON, value by value. The guest is hostile: what is too long, too many, of the wrong type or
 * holds control characters is refused.
 */
import { isIP } from 'node:net';

export class Refused extends Error {}

export type Fields = Readonly<Record<string, unknown>>;

export const SCOPES = ['global', 'link', 'host', 'site'] as const;

export function object(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Refused(`${what} is no object`);
  return value as Fields;
}

export function list(value: unknown, what: string, most: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most) throw new Refused(`${what} is no list of at most ${most}`);
  return value;
}

export function text(value: unknown, what: string, most: number): string {
  if (typeof value !== 'string' || value.length > most || unprintable(value)) throw new Refused(`${what} is no short plain text`);
  return value;
}

/** Text of a third program (cloud-init's own words): cleaned rather than refused. */
export function plain(value: unknown, most: number): string {
  if (typeof value !== 'string') throw new Refused('detail is no text');
  return Array.from(value.slice(0, most), (character) => (unprintable(character) ? ' ' : character)).join('').trim();
}

/** Control and format characters (terminal escapes, bidirectional overrides), lone surrogates. */
function unprintable(value: string): boolean {
  return /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(value);
}

export function integer(value: unknown, what: string, most: number = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0 || (value as number) > most) throw new Refused(`${what} is no count`);
  return value as number;
}

export function number(value: unknown, what: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value < 1e9)) throw new Refused(`${what} is no number`);
  return value;
}

export function flag(value: unknown, what: string): boolean {
  if (typeof value !== 'boolean') throw new Refused(`${what} is no flag`);
  return value;
}

export function family(value: unknown): 4 | 6 {
  if (value !== 4 && value !== 6) throw new Refused('family is neither 4 nor 6');
  return value;
}

/** A route of one family may lead over a neighbour of the other. */
export function address(value: unknown, ...families: readonly number[]): string {
  if (typeof value !== 'string' || !/^[0-9a-f.:]{2,45}$/.test(value) || !families.includes(isIP(value))) throw new Refused('address is none');
  return value;
}

export function oneOf<T extends string>(value: unknown, what: string, allowed: readonly T[]): T {
  const found = allowed.find((word) => word === value);
  if (found === undefined) throw new Refused(`${what} is unknown`);
  return found;
}

/** What may be left out by being null. */
export function maybe<T>(value: unknown, read: (value: unknown) => T): T | null {
  return value === null || value === undefined ? null : read(value);
}
