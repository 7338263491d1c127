/** How much is in the sources here, where a look at them is cheap: a transfer can tell then how far it is. */
import { lstat, readdir, stat } from 'node:fs/promises';
import { joined, nameOf } from './names.ts';

/** A second's work at most, beside what the transfer itself does. */
const MOST_ENTRIES = 20_000;
const BLOCK_BYTES = 512;

/** @returns bytes without holes, which do not travel; undefined where it is not known */
export async function totalOf(sources: readonly string[]): Promise<number | undefined> {
  let entries = 0;
  const sizeBelow = async (path: Buffer, look: typeof stat): Promise<number> => {
    entries += 1;
    if (entries > MOST_ENTRIES) return NaN;
    const found = await look(path);
    if (found.isFile()) return Math.min(found.size, found.blocks * BLOCK_BYTES);
    if (!found.isDirectory()) return 0;
    let sum = 0;
    for (const name of await readdir(path, { encoding: 'buffer' })) {
      sum += await sizeBelow(joined(path, nameOf(name)), lstat);
      if (Number.isNaN(sum)) break;
    }
    return sum;
  };
  try {
    let sum = 0;
    for (const source of sources) sum += await sizeBelow(Buffer.from(source), stat);
    return sum > 0 ? sum : undefined;
  } catch {
    // What cannot be read the transfer itself tells.
    return undefined;
  }
}
