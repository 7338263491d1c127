/** What is known of a stored image: the JSON beside it, and how it is read back without trusting it. */
import type { LocalImage } from '../core/catalogue/local.ts';
import type { ImageFormat } from '../core/image-format.ts';

/** What an image's maker knows of it. */
export interface ImageOrigin {
  /** A path, a URL or `debian:12`: for people. */
  readonly sourceName: string;
  readonly os: string | undefined;
  readonly release: string | undefined;
  /** ISO 8601. */
  readonly builtAt: string;
  /** Key of the recipe that it was built by; undefined for imported ones. */
  readonly recipe: string | undefined;
}

export interface ImageEntry extends ImageOrigin, LocalImage {
  readonly format: ImageFormat;
  readonly virtualSizeBytes: number;
  readonly fileBytes: number;
}

const VERSION = 1;

export function writeEntry(entry: ImageEntry): string {
  return `${JSON.stringify({ version: VERSION, ...entry }, undefined, 2)}\n`;
}

/** @returns undefined where the text is no entry of this or an earlier version */
export function readEntry(text: string): ImageEntry | undefined {
  const found = parse(text);
  if (found === undefined || found['version'] !== VERSION) return undefined;
  const { digest, format, virtualSizeBytes, fileBytes, sourceName, builtAt } = found;
  if (typeof digest !== 'string' || !/^[0-9a-f]{64}$/.test(digest)) return undefined;
  if (format !== 'qcow2' && format !== 'raw') return undefined;
  if (!isSize(virtualSizeBytes) || !isSize(fileBytes)) return undefined;
  if (typeof sourceName !== 'string' || typeof builtAt !== 'string' || Number.isNaN(Date.parse(builtAt))) return undefined;
  const [os, release, recipe] = [optionalText(found['os']), optionalText(found['release']), optionalText(found['recipe'])];
  return { digest, format, virtualSizeBytes, fileBytes, sourceName, builtAt, os, release, recipe };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : undefined;
  } catch {
    return undefined;
  }
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
