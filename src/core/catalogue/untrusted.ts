/** Reads what somebody else wrote: each function gives what it names, or says that it is not there as it should be. */

export type Fields = Readonly<Record<string, unknown>>;

/** A catalogue that is not what its format says. The message completes "the catalogue …". */
export class Malformed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Malformed';
  }
}

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
/** Longer names and titles than this are nobody's. */
const LONGEST = 500;

export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Malformed(`has no object where ${what} should be`);
  return value as Fields;
}

/** What an object has itself; never what every object has, as `constructor`. */
export function own(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}

/** @returns undefined where it is not there */
export function textOf(fields: Fields, key: string, what: string): string | undefined {
  const value = anyTextOf(fields, key, what);
  return value === undefined ? undefined : requirePlain(value, `"${key}" of ${what}`);
}

function anyTextOf(fields: Fields, key: string, what: string): string | undefined {
  const value = own(fields, key);
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || value.length > LONGEST) throw new Malformed(`has no text of at most ${LONGEST} characters as "${key}" of ${what}`);
  return value;
}

/** @returns the same text, which ends up in terminals and logs */
export function requirePlain(value: string, what: string): string {
  if (CONTROL.test(value)) throw new Malformed(`has control characters in ${what}`);
  return value;
}

export function requireTextOf(fields: Fields, key: string, what: string): string {
  const value = textOf(fields, key, what);
  if (value === undefined || value === '') throw new Malformed(`has no "${key}" in ${what}`);
  return value;
}

/** Bytes. 128 GiB is more than any image may be. */
export function sizeOf(fields: Fields, what: string): number | undefined {
  const value = own(fields, 'size');
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value <= 0 || value > 128 * 1024 ** 3) throw new Malformed(`has a size that cannot be in ${what}`);
  return value;
}

/** Neither `%2e%2e` nor a backslash is a way out either: nothing that a URL parser would unfold is taken. */
const SEGMENT = /^[A-Za-z0-9._~+:@,=-]+$/;

/** @returns the same path, which leads nowhere but below where it starts */
export function requirePath(text: string, what: string): string {
  const inside = text.split('/').every((segment) => SEGMENT.test(segment) && segment !== '.' && segment !== '..');
  if (!inside || text.length > 1000 || /^[A-Za-z][A-Za-z0-9+.-]*:/.test(text)) throw new Malformed(`has a path that leads elsewhere in ${what}: ${JSON.stringify(text.slice(0, 100))}`);
  return text;
}

const ALIAS = /^[a-z0-9][a-z0-9._+-]{0,63}$/;

/** `24.04,n,noble, lts` as a list; what could not be typed as a name is left out. */
export function aliasesOf(fields: Fields, what: string): string[] {
  const listed = (anyTextOf(fields, 'aliases', what) ?? '').split(',').map((alias) => alias.trim().toLowerCase());
  return [...new Set(listed.filter((alias) => ALIAS.test(alias)))];
}
