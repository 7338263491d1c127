/**
 * Comma-separated values: a field is quoted where it must be, or always where Multipass does so. What steers a terminal is
 * taken out of all of them; line ends stay.
 */
import { plain } from './plain.ts';

export function csvLine(fields: readonly (string | number | boolean)[]): string {
  return `${fields.map((field) => csvField(String(field))).join(',')}\n`;
}

export function csvField(field: string): string {
  const text = plain(field.startsWith(ALWAYS) ? field.slice(ALWAYS.length) : field);
  return field.startsWith(ALWAYS) || /[",\n]/.test(text) ? quoted(text) : text;
}

const ALWAYS = '\u0000quoted:';

/** Marks a field that is quoted whatever is in it. */
export function always(field: string): string {
  return ALWAYS + field;
}

function quoted(field: string): string {
  return `"${field.replaceAll('"', '""')}"`;
}
