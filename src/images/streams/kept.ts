/** What is known of a remote, as it is kept on the disk: verified once, read again without asking anybody. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PublishedImage } from '../../core/catalogue/published.ts';

export interface KeptFile {
  /** From the root of the remote. */
  readonly path: string;
  readonly contentId: string;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  /** Seconds since 1970; 0 where nobody signs. */
  readonly signedAt: number;
  readonly images: readonly PublishedImage[];
}

export interface KeptCatalogue {
  /** Address and keys: what was fetched or verified with others says nothing. */
  readonly identity: string;
  /** Milliseconds since 1970: when it was last found to be what is published. */
  readonly checkedAt: number;
  /** Of the index, as in KeptFile. */
  readonly signedAt: number;
  readonly files: readonly KeptFile[];
}

const VERSION = 1;

/** @returns undefined where nothing of this identity is kept */
export async function readKept(directory: string, remote: string, identity: string): Promise<KeptCatalogue | undefined> {
  try {
    const found = JSON.parse(await readFile(fileOf(directory, remote), 'utf8')) as { readonly version: unknown; readonly identity: unknown; readonly catalogue: KeptCatalogue };
    // It is a file of our own, written whole: its version says that it is what it should be.
    return found.version === VERSION && found.identity === identity ? found.catalogue : undefined;
  } catch {
    return undefined;
  }
}

export async function writeKept(directory: string, remote: string, catalogue: KeptCatalogue): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = fileOf(directory, remote);
  try {
    await writeFile(`${file}.new`, `${JSON.stringify({ version: VERSION, identity: catalogue.identity, catalogue })}\n`, { mode: 0o600, flush: true });
    await rename(`${file}.new`, file);
  } catch (error) {
    await rm(`${file}.new`, { force: true });
    throw error;
  }
}

function fileOf(directory: string, remote: string): string {
  return join(directory, `${remote}.json`);
}
