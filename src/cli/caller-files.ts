/**
 * Files that the caller names are opened here, with the caller's rights, and travel as bytes: a daemon that opened paths
 * for its callers would read for them what they may not.
 */
import { constants, createReadStream, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { isWebAddress } from '../core/catalogue/web-address.ts';
import { fetchSmallFile } from '../web/small-file.ts';
import type { Context } from './command.ts';
import { UsageError } from './failure.ts';

/** The API's limit, less a third for base64. */
const CLOUD_INIT_BYTES = 1_400_000;
/** Multipass's, for an address. */
const DOWNLOAD_MS = 60_000;
const IMAGE_SCHEME = 'file://';

/** The daemon judges the content, with line and column. @param name  a path, an http(s) address, or `-` for stdin  @returns base64 */
export async function readCloudInit(name: string, { stdin, env, signal }: Pick<Context, 'stdin' | 'env' | 'signal'>): Promise<string> {
  // An address is asked for with the caller's rights and by his proxy, as a file is read: a daemon could reach what he may not.
  const read = async (): Promise<Buffer> => (isWebAddress(name)
    ? await fetchSmallFile(new URL(name), { env, mostBytes: CLOUD_INIT_BYTES, withinMs: DOWNLOAD_MS, signal })
    : await readUpTo(name === '-' ? stdin : createReadStream(name), CLOUD_INIT_BYTES));
  const bytes = await read().catch((error: unknown) => {
    throw new UsageError(`Could not load cloud-init configuration: ${whyUnreadable(name, error)}`);
  });
  if (bytes.length > CLOUD_INIT_BYTES) throw new UsageError(`Could not load cloud-init configuration: ${name} is too long: at most ${CLOUD_INIT_BYTES} bytes are taken`);
  return bytes.toString('base64');
}

/** More than any network configuration needs; the API's limit. */
const NETPLAN_BYTES = 200_000;

/** The daemon judges the content. @param name  a path, or `-` for stdin  @throws UsageError */
export async function readNetplan(name: string, stdin: Readable): Promise<string> {
  const bytes = await readUpTo(name === '-' ? stdin : createReadStream(name), NETPLAN_BYTES).catch((error: unknown) => {
    throw new UsageError(`Cannot read the netplan file: ${whyUnreadable(name, error)}`);
  });
  if (bytes.length > NETPLAN_BYTES) throw new UsageError(`Cannot read the netplan file: ${name} is too long: at most ${NETPLAN_BYTES} bytes are taken`);
  return bytes.toString('utf8');
}

/** A pipe is as good as a file here, and one without an end must not fill the memory. */
async function readUpTo(stream: AsyncIterable<Uint8Array>, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(Buffer.from(chunk));
    length += chunk.length;
    if (length > limit) break;
  }
  return Buffer.concat(chunks);
}

export interface CallersImage extends AsyncDisposable {
  readonly path: string;
  readonly bytes: number;
  stream(): Readable;
}

/** @returns undefined where the image is not a file  @throws UsageError  where it cannot be read */
export async function openImage(image: string): Promise<CallersImage | undefined> {
  if (!image.startsWith(IMAGE_SCHEME)) return undefined;
  const path = image.slice(IMAGE_SCHEME.length);
  if (!path.startsWith('/')) throw new UsageError(`Image file path is not absolute: ${path || image}`, 'write it with three slashes: file:///home/me/disk.qcow2');
  try {
    const { handle, stats } = await openRegular(path);
    return { path, bytes: stats.size, stream: () => handle.createReadStream({ end: stats.size - 1, highWaterMark: 1024 * 1024 }), [Symbol.asyncDispose]: () => handle.close() };
  } catch (error) {
    throw new UsageError(`Cannot read the image: ${whyUnreadable(path, error)}`);
  }
}

async function openRegular(path: string): Promise<{ readonly handle: FileHandle; readonly stats: Stats }> {
  // Without O_NONBLOCK, opening a FIFO would wait for its writer.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stats = await handle.stat();
  if (stats.isFile() && stats.size > 0) return { handle, stats };
  await handle.close();
  throw Object.assign(new Error(), { code: stats.isDirectory() ? 'EISDIR' : stats.isFile() ? 'EMPTY' : 'ENOTREG' });
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist', ENOTDIR: 'does not exist', EACCES: 'is not readable by you', EISDIR: 'is a directory', ENOTREG: 'is not a regular file', EMPTY: 'is empty',
};

function whyUnreadable(path: string, error: unknown): string {
  const why = WHY[(error as NodeJS.ErrnoException).code ?? ''];
  if (why) return `${path} ${why}`;
  return (error as Error).message;
}
