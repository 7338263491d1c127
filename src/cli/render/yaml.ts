/** Writes block-style YAML of plain data: nulls as `~`, strings quoted where they would be read as something else. */
import { isList, literal, type Json } from './json.ts';

export function toYaml(value: { readonly [key: string]: Json }): string {
  const lines = mapping(value);
  return `${lines.join('\n')}\n`;
}

function mapping(map: { readonly [key: string]: Json }): string[] {
  return Object.entries(map).flatMap(([key, value]) => {
    const inline = scalar(value);
    if (inline !== undefined) return [`${text(key)}: ${inline}`];
    return [`${text(key)}:`, ...children(value).map((line) => `  ${line}`)];
  });
}

function children(value: Json): string[] {
  if (isList(value)) {
    return value.flatMap((item) => {
      const inline = scalar(item);
      if (inline !== undefined) return [`- ${inline}`];
      const [first = '', ...rest] = children(item);
      return [`- ${first}`, ...rest.map((line) => `  ${line}`)];
    });
  }
  return mapping(value as { readonly [key: string]: Json });
}

/** @returns undefined for what takes lines of its own */
function scalar(value: Json): string | undefined {
  if (value === null) return '~';
  if (typeof value === 'string') return text(value);
  if (typeof value !== 'object') return String(value);
  if (isList(value)) return value.length === 0 ? '[]' : undefined;
  return Object.keys(value).length === 0 ? '{}' : undefined;
}

/** Starts like a sign of YAML's own, has a colon, a comment or a control character in it, or hangs over at an end. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const NEEDS_QUOTES = /^[-?!&*%@`'"#|>{}[\],~=<]|:|\s#|[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|^\s|\s$|^$/;
/** What YAML 1.1 or 1.2 reads as null, a boolean, a number or a date. */
const OTHER_TYPE = /^(?:null|true|false|yes|no|on|off|y|n|[-+.]?\d[\d_]*\.?[\d_]*(?:e[-+]?\d+)?|0x[\da-f]+|0o[0-7]+|\.inf|\.nan|\d{4}-\d\d?-\d\d?.*)$/i;

function text(value: string): string {
  return NEEDS_QUOTES.test(value) || OTHER_TYPE.test(value) ? literal(value) : value;
}
