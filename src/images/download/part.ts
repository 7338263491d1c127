/** A download under way: `<key>.part`, and beside it what must hold for it to be continued. */
import { createHash } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checksum } from '../../core/checksum.ts';
import { showChecksum } from '../../core/checksum.ts';

/** How the server tells one content of the address from another. */
export interface Validators {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

export interface PartFacts extends Validators {
  /** Of the whole file, in bytes; undefined where the server does not say. */
  readonly total: number | undefined;
  /** So many are on the disk, whatever happens to the host: it is continued from there. */
  readonly safeBytes: number;
  /** It was continued without the server's word that it is the same file: only a checksum can tell. */
  readonly isPieced: boolean;
}

/** What was made of a download that was finished. */
export interface FetchedRecord extends Validators {
  /** SHA-256 of the image in the store. */
  readonly digest: string;
  /** ISO 8601. */
  readonly fetchedAt: string;
}

export interface PartFiles {
  readonly part: string;
  readonly facts: string;
  readonly unpacked: string;
  readonly record: string;
}

const VERSION = 1;

/** One name for one wish: the address with what its content must be. */
export function downloadKey(url: URL, checksum: Checksum | undefined): string {
  return createHash('sha256').update(`${url.href}\n${checksum === undefined ? '' : showChecksum(checksum)}`).digest('hex').slice(0, 32);
}

export function partFiles(directory: string, key: string): PartFiles {
  const at = (ending: string): string => join(directory, `${key}.${ending}`);
  return { part: at('part'), facts: at('facts.json'), unpacked: at('unpacked'), record: at('fetched.json') };
}

/** @returns undefined where there is nothing that could be continued */
export async function readFacts({ part, facts }: PartFiles): Promise<PartFacts | undefined> {
  const found = await readJson(facts);
  const size = await stat(part).then((stats) => stats.size, () => undefined);
  if (found === undefined || size === undefined) return undefined;
  const { total, safeBytes } = found;
  if (!isCount(safeBytes) || (total !== undefined && !isCount(total))) return undefined;
  return { ...validatorsIn(found), total, safeBytes: Math.min(safeBytes, size), isPieced: found['isPieced'] === true };
}

export async function writeFacts({ facts }: PartFiles, content: PartFacts): Promise<void> {
  await writeJson(facts, content);
}

export async function removePart({ part, facts, unpacked }: PartFiles): Promise<void> {
  for (const path of [facts, part, unpacked]) await rm(path, { force: true });
}

export async function readFetched({ record }: PartFiles): Promise<FetchedRecord | undefined> {
  const found = await readJson(record);
  if (found === undefined) return undefined;
  const { digest, fetchedAt } = found;
  if (typeof digest !== 'string' || typeof fetchedAt !== 'string') return undefined;
  return { ...validatorsIn(found), digest, fetchedAt };
}

export async function writeFetched({ record }: PartFiles, content: FetchedRecord): Promise<void> {
  await writeJson(record, content);
}

/** A weak tag (RFC 9110, 8.8.1) says that two contents mean the same, not that their bytes are: nothing can be continued by it. */
export function rangeValidator({ etag, lastModified }: Validators): string | undefined {
  return etag === undefined || etag.startsWith('W/') ? lastModified : etag;
}

function validatorsIn(found: Readonly<Record<string, unknown>>): Validators {
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  return { etag: text(found['etag']), lastModified: text(found['lastModified']) };
}

async function readJson(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    const found = Object.fromEntries(Object.entries(value));
    return found['version'] === VERSION ? found : undefined;
  } catch {
    return undefined;
  }
}

async function writeJson(path: string, content: object): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify({ version: VERSION, ...content })}\n`, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
