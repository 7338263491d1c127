/** Fetches what a remote publishes now: the index, then each list that it names, each with its signature. */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseManifest } from '../../core/catalogue/manifest.ts';
import { parseStreamIndex, type StreamFile } from '../../core/catalogue/stream-index.ts';
import { Malformed } from '../../core/catalogue/untrusted.ts';
import { fail } from '../../core/errors.ts';
import type { Ask } from '../../web/request.ts';
import type { Run } from '../run.ts';
import { fetchFile } from './fetch-file.ts';
import type { KeptCatalogue, KeptFile } from './kept.ts';
import type { Keyring } from './keyring.ts';
import { readProducts } from './read-products.ts';
import { verifySignature } from './verify-signature.ts';

export interface Source {
  readonly name: string;
  readonly kind: 'streams' | 'manifest';
  /** Of a tree, with a slash at its end; of a manifest, of the file. */
  readonly address: string;
  readonly keyring: Keyring;
  readonly contentId: string | undefined;
  readonly identity: string;
}

export interface RefreshSetup {
  readonly directory: string;
  readonly ask: Ask;
  readonly run: Run;
  readonly productsScript: string;
  readonly stallMs: number;
  readonly now: () => number;
}

const MIB = 1024 * 1024;
const MOST_BYTES = { index: MIB, products: 64 * MIB, manifest: MIB } as const;

/** @param kept  what is known already  @throws download-failed, image-not-found, image-refused, tool-missing, no-space, cancelled */
export async function refreshRemote(source: Source, kept: KeptCatalogue | undefined, setup: RefreshSetup, signal: AbortSignal): Promise<KeptCatalogue> {
  const scratch = join(setup.directory, `${source.name}-${randomUUID()}`);
  try {
    await mkdir(scratch, { recursive: true, mode: 0o700 });
    return source.kind === 'manifest' ? await manifest(source, kept, setup, scratch, signal) : await streams(source, kept, setup, scratch, signal);
  } catch (error) {
    if (error instanceof Malformed) throw fail('image-refused', `the catalogue of ${source.name} is refused: it ${error.message}`, { hint: 'what was known before is still used', cause: error });
    if (error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')) throw fail('no-space', `no space is left for the catalogue of ${source.name}`, { hint: 'free some where images are kept', cause: error });
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function streams(source: Source, kept: KeptCatalogue | undefined, setup: RefreshSetup, scratch: string, signal: AbortSignal): Promise<KeptCatalogue> {
  const keyring = join(scratch, 'keys');
  await writeFile(keyring, source.keyring, { mode: 0o644 });
  const fetchSigned = async (path: string, mostBytes: number, before?: KeptFile): Promise<{ content: string; signedAt: number; etag: string | undefined; lastModified: string | undefined } | undefined> => {
    const [from, to] = [join(scratch, 'signed'), join(scratch, 'content')];
    const validators = await fetchFile({ url: new URL(source.address + path), to: from, mostBytes, stallMs: setup.stallMs, signal, etag: before?.etag, lastModified: before?.lastModified }, setup.ask);
    if (validators === undefined) return undefined;
    const signedAt = await verifySignature({ from, to, keyring, name: source.address + path, mostBytes }, setup.run, signal);
    return { content: to, signedAt, ...validators };
  };
  const index = await fetchSigned('streams/v1/index.sjson', MOST_BYTES.index);
  if (index === undefined) throw new Error('the index was asked for without a condition');
  requireNotOlder(source, index.signedAt, kept?.signedAt);
  const files: KeptFile[] = [];
  for (const { path, contentId } of parseStreamIndex(await jsonIn(index.content), source.contentId)) {
    files.push(await list(source, { path, contentId }, kept?.files.find((file) => file.path === path && file.contentId === contentId), fetchSigned, setup, signal));
  }
  return { identity: source.identity, checkedAt: setup.now(), signedAt: index.signedAt, files };
}

async function list(
  source: Source, { path, contentId }: StreamFile, before: KeptFile | undefined,
  fetchSigned: (path: string, mostBytes: number, before?: KeptFile) => Promise<{ content: string; signedAt: number; etag: string | undefined; lastModified: string | undefined } | undefined>,
  setup: RefreshSetup, signal: AbortSignal,
): Promise<KeptFile> {
  const found = await fetchSigned(path, MOST_BYTES.products, before);
  if (found === undefined) return before ?? unreached();
  requireNotOlder(source, found.signedAt, before?.signedAt);
  const images = await readProducts(setup.productsScript, { path: found.content, contentId, base: source.address }, `the catalogue of ${source.name}`, signal);
  return { path, contentId, etag: found.etag, lastModified: found.lastModified, signedAt: found.signedAt, images };
}

async function manifest(source: Source, kept: KeptCatalogue | undefined, setup: RefreshSetup, scratch: string, signal: AbortSignal): Promise<KeptCatalogue> {
  const [before] = kept?.files ?? [];
  const to = join(scratch, 'content');
  const validators = await fetchFile({ url: new URL(source.address), to, mostBytes: MOST_BYTES.manifest, stallMs: setup.stallMs, signal, etag: before?.etag, lastModified: before?.lastModified }, setup.ask);
  const file = validators === undefined ? before ?? unreached() : { path: '', contentId: '', ...validators, signedAt: 0, images: parseManifest(await jsonIn(to)) };
  return { identity: source.identity, checkedAt: setup.now(), signedAt: 0, files: [file] };
}

/** A signature does not say that there is nothing newer: who can choose what we get could offer what was signed long ago, with images that have known holes. */
function requireNotOlder({ name }: Source, signedAt: number, before: number | undefined): void {
  if (before === undefined || signedAt >= before) return;
  throw fail('image-refused', `the catalogue of ${name} is refused: it was signed on ${day(signedAt)}, and the one that is here on ${day(before)}`, { hint: 'a mirror may be behind: what was known before is still used' });
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' at ');
}

async function jsonIn(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) throw new Malformed('is no JSON');
    throw error;
  }
}

function unreached(): never {
  throw new Error('a file was said to be the same as one that is not here');
}
