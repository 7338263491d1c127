/**
 * Files that the caller names are opened here, with the caller's rights, and travel as bytes: a daemon that opened paths
 * for its callers would read for them what they may not.
 */
import { constants, createReadStream, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { fail } from '../core/errors.ts';
import { UsageError } from './failure.ts';

/** The API's limit, less a third for base64. */
const CLOUD_INIT_BYTES = 1_400_000;
const IMAGE_SCHEME = 'file://';

/** The daemon judges the content, with line and column. @param name  a path, or `-` for stdin  @returns base64 */
export async function readCloudInit(name: string, stdin: Readable): Promise<string> {
  if (/^https?:\/\//.test(name)) {
    throw fail('not-supported', '--cloud-init does not take URLs yet', { hint: 'download it first, or: curl <url> | holdfast launch --cloud-init -' });
  }
  const bytes = await readUpTo(name === '-' ? stdin : createReadStream(name), CLOUD_INIT_BYTES).catch((error: unknown) => {
    throw new UsageError(`Could not load cloud-init configuration: ${whyUnreadable(name, error)}`);
  });
  if (bytes.length > CLOUD_INIT_BYTES) throw new UsageError(`Could not load cloud-init configuration: ${name} is too long: at most ${CLOUD_INIT_BYTES} bytes are taken`);
  return bytes.toString('base64');
}

/** A pipe is as good as a file here, and one without an end must not fill the memory. */
async function readUpTo(stream: Readable, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
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
  return why ? `${path} ${why}` : (error as Error).message;
}
