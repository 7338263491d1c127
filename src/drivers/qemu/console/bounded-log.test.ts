import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BoundedLog, logTail } from './bounded-log.ts';

test('never more than its bound, and the end is what is kept', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hf-log-'));
  try {
    const path = join(directory, 'console.log');
    {
      await using log = new BoundedLog(path, 1000);
      for (let line = 0; line < 200; line += 1) await log.append(Buffer.from(`line ${line}\n`));
      await log.append(Buffer.alloc(5000, 'x'));
      await log.append(Buffer.from('\nthe end\n'));
    }
    const sizes = await Promise.all((await readdir(directory)).map(async (name) => (await stat(join(directory, name))).size));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(1000);
    expect(await logTail(path, 20)).toBe('the end\n');
    expect(await logTail(path, 10_000)).toMatch(/x\nthe end\n$/);
    expect(await logTail(join(directory, 'none'), 100)).toBe('');
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('its tail is what was appended before it was asked for, whatever comes meanwhile', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hf-log-'));
  try {
    await using log = new BoundedLog(join(directory, 'console.log'));
    void log.append(Buffer.from('before\n'));
    const tail = log.tail(100);
    void log.append(Buffer.from('after\n'));
    expect(await tail).toBe('before\n');
    expect(await log.tail(100)).toBe('before\nafter\n');
  } finally {
    await rm(directory, { recursive: true });
  }
});
