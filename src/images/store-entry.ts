/** What is known of a stored image: the JSON beside it, and how it is read back without trusting it. */
import { parseArchitecture } from '../core/architecture.ts';
import type { LocalImage } from '../core/catalogue/local.ts';
import type { ImageFormat } from '../core/image-format.ts';
import type { Architecture } from '../core/instance.ts';

/** What an image's maker knows of it. */
export interface ImageOrigin {
  /** A path, a URL or `debian:12`: for people. */
  readonly sourceName: string;
  readonly os: string | undefined;
  readonly release: string | undefined;
  /** Undefined where nobody said: of an imported file, it cannot be told. */
  readonly architecture: Architecture | undefined;
  /** ISO 8601. */
  readonly builtAt: string;
  /** Key of the recipe that it was built by; undefined for imported ones. */
  readonly recipe: string | undefined;
  /** As what it was listed by the remote that it came from; undefined for others. */
  readonly published?: PublishedAs | undefined;
}

export interface PublishedAs {
  /** `release:24.04` */
  readonly name: string;
  /** `Ubuntu` */
  readonly os: string;
  /** `24.04 LTS` */
  readonly release: string;
  readonly version: string;
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
  const architecture = typeof found['architecture'] === 'string' ? parseArchitecture(found['architecture']) : builtBefore(recipe);
  const published = publishedAs(found['published']);
  return { digest, format, virtualSizeBytes, fileBytes, sourceName, builtAt, os, release, recipe, architecture, ...(published === undefined ? {} : { published }) };
}

function publishedAs(value: unknown): PublishedAs | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, os, release, version } = value as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || typeof os !== 'string' || typeof release !== 'string' || typeof version !== 'string') return undefined;
  return { name, os, release, version };
}

/** Before the architecture was recorded, images were built for x86_64 only. */
function builtBefore(recipe: string | undefined): Architecture | undefined {
  return recipe === undefined ? undefined : 'x86_64';
}

/** A newer Holdfast's: what it stands for is not known here, and is not rubbish. */
export function isNewerEntry(text: string): boolean {
  const version = parse(text)?.['version'];
  return typeof version === 'number' && version > VERSION;
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
