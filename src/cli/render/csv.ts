/** Comma-separated values: a field is quoted where it must be, or always where Multipass does so. */

export function csvLine(fields: readonly (string | number | boolean)[]): string {
  return `${fields.map((field) => csvField(String(field))).join(',')}\n`;
}

export function csvField(field: string): string {
  if (field.startsWith(ALWAYS)) return quoted(field.slice(ALWAYS.length));
  return /[",\r\n]/.test(field) ? quoted(field) : field;
}

const ALWAYS = '\u0000quoted:';

/** Marks a field that is quoted whatever is in it. */
export function always(field: string): string {
  return ALWAYS + field;
}

function quoted(field: string): string {
  return `"${field.replaceAll('"', '""')}"`;
}
