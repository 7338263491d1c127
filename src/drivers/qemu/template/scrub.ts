/**
 * Wipes ids out of a template's memory, so that a fork makes or reads its own. The kernel's boot id is made at the first
 * reading where there is none (drivers/char/random.c, proc_do_uuid), and systemd's programs read machine-id and boot id
 * again where what they remember is all zeros (sd-id128): zeros in place of the 16 bytes are all that it takes. 128 random
 * bits do not occur by chance.
 */
import { open } from 'node:fs/promises';
import { dataExtents } from '../../../host/data-extents.ts';

const CHUNK_BYTES = 1024 * 1024;
const OVERLAP_BYTES = 15;

/** @param ids  16 bytes each  @returns how often each was found  @throws RangeError for an id of another length */
export async function scrubIds(path: string, ids: readonly Buffer[]): Promise<number[]> {
  if (ids.some(({ length }) => length !== 16)) throw new RangeError('an id has 16 bytes');
  await using file = await open(path, 'r+');
  const found = ids.map(() => 0);
  const chunk = Buffer.alloc(CHUNK_BYTES + OVERLAP_BYTES);
  // Most of a guest's memory was never touched.
  for (const { start: from, end } of await dataExtents(path)) {
    for (let start = from; start < end; start += CHUNK_BYTES) {
      const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, end - start), start);
      const held = chunk.subarray(0, bytesRead);
      for (const [index, id] of ids.entries()) {
        for (let at = held.indexOf(id); at >= 0; at = held.indexOf(id, at + 16)) {
          await file.write(Buffer.alloc(16), 0, 16, start + at);
          found[index] = (found[index] ?? 0) + 1;
        }
      }
    }
  }
  return found;
}

/** A UUID or 32 hexadecimal digits, as bytes. */
export function idBytes(id: string): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}
