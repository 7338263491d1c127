/** Reads files here, with the caller's rights, as records for the program in the guest. */
import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, readdir, readlink, stat } from 'node:fs/promises';
import type { Entry } from './entry.ts';
import { dataRecord, jsonRecord, RECORD } from './records.ts';
import { joined, nameOf, shown, topName } from './names.ts';
import { cannotRead, refused } from './refusals.ts';

const CHUNK_BYTES = 256 * 1024;
/** Small files travel together. */
const BATCH_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(CHUNK_BYTES);
const MODE_BITS = 0o777n;
const NS = 1_000_000_000n;
const BLOCK_BYTES = 512n;

type Records = AsyncGenerator<Uint8Array>;
type Notice = (path: string, why: string) => void;

export interface Reading {
  readonly sources: readonly string[];
  readonly recursive: boolean;
  readonly notice: Notice;
  /** Of several, what is wrong with one of which nothing can be read: the others are read all the same. */
  readonly leftOut: (error: unknown) => void;
}

/** Everything of these sources, and that it is everything. @throws HoldfastError */
export async function* readHere(reading: Reading): Records {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for await (const one of recordsOf(reading)) {
    waiting.push(one);
    bytes += one.length;
    if (bytes < BATCH_BYTES) continue;
    yield waiting.length === 1 ? one : Buffer.concat(waiting);
    waiting = [];
    bytes = 0;
  }
  yield Buffer.concat([...waiting, jsonRecord(RECORD.done, {})]);
}

/** One file, whose content is what the stream has. */
export async function* readStream(stream: AsyncIterable<Uint8Array>): Records {
  const seconds = Math.floor(Date.now() / 1000);
  yield jsonRecord(RECORD.entry, { path: ['.'], kind: 'file', mode: 0o644, modified: [seconds, 0] } satisfies Entry);
  let size = 0;
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.length; at += CHUNK_BYTES) yield dataRecord(size + at, chunk.subarray(at, at + CHUNK_BYTES));
    size += chunk.length;
  }
  yield jsonRecord(RECORD.end, { size });
  yield jsonRecord(RECORD.done, {});
}

async function* recordsOf({ sources, recursive, notice, leftOut }: Reading): Records {
  for (const source of sources) {
    let hasBegun = false;
    try {
      for await (const one of recordsOfOne(source, recursive, notice)) {
        hasBegun = true;
        yield one;
      }
    } catch (error) {
      const told = cannotRead(source, error);
      if (hasBegun || sources.length === 1) throw told;
      leftOut(told);
    }
  }
}

async function* recordsOfOne(source: string, recursive: boolean, notice: Notice): Records {
  const found = await stat(source, { bigint: true });
  if (found.isDirectory()) {
    if (!recursive) throw refused(source, 'is a directory', 'take it with what is in it: --recursive');
    yield* folder(Buffer.from(source), [topName(source)], found, notice);
  } else if (found.isFile()) {
    yield* file(Buffer.from(source), [topName(source)], 0, notice);
  } else {
    throw refused(source, 'is no regular file');
  }
}

async function* folder(path: Buffer, names: readonly string[], found: BigIntStats, notice: Notice): Records {
  yield entry(names, 'folder', found);
  const inside = await readdir(path, { encoding: 'buffer' });
  for (const bytes of inside.toSorted(Buffer.compare)) {
    const name = nameOf(bytes);
    const place = joined(path, name);
    try {
      yield* below(place, [...names, name], notice);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      notice(shown(nameOf(place)), 'went away meanwhile');
    }
  }
}

async function* below(place: Buffer, names: readonly string[], notice: Notice): Records {
  const found = await lstat(place, { bigint: true });
  if (found.isDirectory()) yield* folder(place, names, found, notice);
  else if (found.isSymbolicLink()) yield entry(names, 'link', found, { link: nameOf(await readlink(place, { encoding: 'buffer' })) });
  else if (found.isFile()) yield* file(place, names, constants.O_NOFOLLOW, notice);
  else notice(shown(nameOf(place)), 'is no file, directory or link, and was left out');
}

async function* file(path: Buffer, names: readonly string[], flags: number, notice: Notice): Records {
  await using handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | flags);
  const before = await handle.stat({ bigint: true });
  yield entry(names, 'file', before);
  const hasHoles = before.blocks * BLOCK_BYTES < before.size;
  let size = 0;
  for (;;) {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, null);
    if (bytesRead === 0) break;
    const bytes = buffer.subarray(0, bytesRead);
    if (!hasHoles || !bytes.equals(NOTHING.subarray(0, bytesRead))) yield dataRecord(size, bytes);
    size += bytesRead;
  }
  yield jsonRecord(RECORD.end, { size });
  const after = await handle.stat({ bigint: true });
  if (before.size > 0n && (after.mtimeNs !== before.mtimeNs || after.size !== before.size)) notice(shown(nameOf(path)), 'changed while it was read');
}

function entry(path: readonly string[], kind: Entry['kind'], { mode, mtimeNs }: BigIntStats, more: { readonly link?: string } = {}): Uint8Array {
  const seconds = mtimeNs / NS - (mtimeNs % NS < 0n ? 1n : 0n);
  return jsonRecord(RECORD.entry, { path, kind, mode: Number(mode & MODE_BITS), modified: [Number(seconds), Number(mtimeNs - seconds * NS)], ...more } satisfies Entry);
}
