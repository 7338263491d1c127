/** What a download must be: `sha256:<hex>` or `sha512:<hex>`, as distributions publish them. */
import { fail } from './errors.ts';

export interface Checksum {
  readonly algorithm: 'sha256' | 'sha512';
  /** Lower case. */
  readonly hex: string;
}

const FORMS = { sha256: /^[0-9a-f]{64}$/, sha512: /^[0-9a-f]{128}$/ } as const;

/** @throws bad-argument */
export function parseChecksum(text: string): Checksum {
  const [, name, hex = ''] = /^(sha256|sha512):(.*)$/s.exec(text.trim().toLowerCase()) ?? [];
  const algorithm = name === 'sha256' || name === 'sha512' ? name : undefined;
  if (algorithm !== undefined && FORMS[algorithm].test(hex)) return { algorithm, hex };
  throw fail('bad-argument', `"${text.slice(0, 160)}" is no checksum`, { hint: 'write it as sha256: and 64 hexadecimal digits, or sha512: and 128' });
}

export function showChecksum({ algorithm, hex }: Checksum): string {
  return `${algorithm}:${hex}`;
}
