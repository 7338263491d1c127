/** The output formats, and the check of --format. */
import { UsageError } from '../failure.ts';

export const FORMATS = ['table', 'json', 'csv', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

export const FORMAT_OPTION = { flags: '--format <format>', summary: 'table (the default), json, csv or yaml' } as const;

/** @throws UsageError */
export function requireFormat(text: string | undefined): Format {
  const format = FORMATS.find((known) => known === (text ?? 'table'));
  if (!format) throw new UsageError('Invalid format type given.', `one of: ${FORMATS.join(', ')}`);
  return format;
}
