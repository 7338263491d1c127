/** JSON as Multipass lays it out: four spaces, and what is empty broken over two lines. */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export function toJson(value: Json): string {
  return `${block(value, '')}\n`;
}

function block(value: Json, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = `${indent}    `;
  const [open, close, items] = isList(value)
    ? ['[', ']', value.map((item) => inner + block(item, inner))]
    : ['{', '}', Object.entries(value).map(([key, item]) => `${inner}${JSON.stringify(key)}: ${block(item, inner)}`)];
  return items.length === 0 ? `${open}\n${indent}${close}` : `${open}\n${items.join(',\n')}\n${indent}${close}`;
}

export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
