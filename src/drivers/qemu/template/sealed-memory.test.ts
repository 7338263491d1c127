import { fstatSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SealedMemories, type Sealable } from './sealed-memory.ts';

describe.runIf(process.platform === 'linux')('sealed memory', () => {
  let directory: string;
  let ram: string;
  let template: Sealable;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hf-sealed-'));
    ram = join(directory, 'ram');
    await writeFile(ram, 'memory');
    template = { key: 'key', record: { createdAt: '2026-11-23T12:00:00.000Z' }, files: { ram } };
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
    const first = await memories.use(template);
    const second = await memories.use(template);
    expect(second.fd).toBe(first.fd);
    for (const each of [first, second]) await each[Symbol.asyncDispose]();
    await memories.keepOnly([template]);
    expect(isOpen(first.fd)).toBe(true);
    await memories.keepOnly([]);
    expect(isOpen(first.fd)).toBe(false);
  });

  test('whose template goes while a fork begins with it is closed when that has it, and not before', async () => {
    await using memories = new SealedMemories();
    const used = await memories.use(template);
    await memories.keepOnly([]);
    expect(isOpen(used.fd)).toBe(true);
    const next = await memories.use(template);
    expect(next.fd).not.toBe(used.fd);
    await used[Symbol.asyncDispose]();
    expect([isOpen(used.fd), isOpen(next.fd)]).toEqual([false, true]);
    await next[Symbol.asyncDispose]();
  });

  test('of a template that was made anew is made anew, though nobody was told that the old one went', async () => {
    await using memories = new SealedMemories();
    await using old = await memories.use(template);
    await writeFile(ram, 'MEMORY');
    const anew = { ...template, record: { createdAt: '2026-11-23T13:00:00.000Z' } };
    await using next = await memories.use(anew);
    const held = ({ fd }: { readonly fd: number }) => readFileSync(`/proc/self/fd/${fd}`, 'utf8');
    expect([held(old), held(next)]).toEqual(['memory', 'MEMORY']);
    await memories.keepOnly([anew]);
    expect([isOpen(old.fd), isOpen(next.fd)]).toEqual([true, true]);
  });

  test('that could not be made is made anew when it is wanted again', async () => {
    await using memories = new SealedMemories();
    await expect(memories.use({ ...template, files: { ram: join(directory, 'none') } })).rejects.toMatchObject({ code: 'machine-failed' });
    await using used = await memories.use(template);
    expect(isOpen(used.fd)).toBe(true);
  });
});
