/** JSON as Multipass lays it out: four spaces, and what is empty broken over two lines. */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export function toJson(value: Json): string {
  return `${block(value, '')}\n`;
}

function block(value: Json, indent: string): string {
  if (typeof value !== 'object' || value === null) return literal(value);
  const inner = `${indent}    `;
  const [open, close, items] = isList(value)
    ? ['[', ']', value.map((item) => inner + block(item, inner))]
    : ['{', '}', Object.entries(value).map(([key, item]) => `${inner}${literal(key)}: ${block(item, inner)}`)];
  return items.length === 0 ? `${open}\n${indent}${close}` : `${open}\n${items.join(',\n')}\n${indent}${close}`;
}

/** JSON need not escape controls above ASCII or marks of direction, but a terminal that is shown them obeys. */
export function literal(value: string | number | boolean | null): string {
  return JSON.stringify(value).replace(/[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
