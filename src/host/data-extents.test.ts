import { mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dataExtents } from './data-extents.ts';

const MiB = 1024 * 1024;

test('what was written is within an extent, and holes in none', async () => {
  // Not in memory: file systems there know holes too, but this is where templates lie.
  const directory = await mkdtemp('/var/tmp/hf-extents-');
  try {
    const path = join(directory, 'sparse');
    {
      await using file = await open(path, 'w');
      await file.truncate(64 * MiB);
      for (const at of [0, 20 * MiB + 12_345, 64 * MiB - 1]) await file.write('x', at);
    }
    const extents = await dataExtents(path);
    expect(extents).toHaveLength(3);
    const holds = (at: number) => extents.some(({ start, end }) => start <= at && at < end);
    expect([0, 20 * MiB + 12_345, 64 * MiB - 1].map(holds)).toEqual([true, true, true]);
    expect([10 * MiB, 40 * MiB].map(holds)).toEqual([false, false]);
    await (await open(join(directory, 'empty'), 'w')).close();
    expect(await dataExtents(join(directory, 'empty'))).toEqual([]);
  } finally {
    await rm(directory, { recursive: true });
  }
});
