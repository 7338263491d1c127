import { fstatSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SealedMemories } from './sealed-memory.ts';

describe.runIf(process.platform === 'linux')('sealed memory', () => {
  let directory: string;
  let ram: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hf-sealed-'));
    ram = join(directory, 'ram');
    await writeFile(ram, 'memory');
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const isOpen = (fd: number): boolean => {
    try {
      return fstatSync(fd).size === 6;
    } catch {
      return false;
    }
  };

  test('is made once, and stays open for the next fork until its template goes', async () => {
    await using memories = new SealedMemories();
    const first = await memories.use('key', ram);
    const second = await memories.use('key', ram);
    expect(second.fd).toBe(first.fd);
    for (const each of [first, second]) await each[Symbol.asyncDispose]();
    await memories.keepOnly(new Set(['key']));
    expect(isOpen(first.fd)).toBe(true);
    await memories.keepOnly(new Set());
    expect(isOpen(first.fd)).toBe(false);
  });

  test('whose template goes while a fork begins with it is closed when that has it, and not before', async () => {
    await using memories = new SealedMemories();
    const used = await memories.use('key', ram);
    await memories.keepOnly(new Set());
    expect(isOpen(used.fd)).toBe(true);
    const next = await memories.use('key', ram);
    expect(next.fd).not.toBe(used.fd);
    await used[Symbol.asyncDispose]();
    expect([isOpen(used.fd), isOpen(next.fd)]).toEqual([false, true]);
    await next[Symbol.asyncDispose]();
  });

  test('that could not be made is made anew when it is wanted again', async () => {
    await using memories = new SealedMemories();
    await expect(memories.use('key', join(directory, 'none'))).rejects.toMatchObject({ code: 'machine-failed' });
    await using used = await memories.use('key', ram);
    expect(isOpen(used.fd)).toBe(true);
  });
});
