import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AcceleratorMemory } from './memory.ts';

let directory: string;
beforeEach(async () => { directory = await mkdtemp(join(tmpdir(), 'hf-accel-')); });
afterEach(() => rm(directory, { recursive: true }));

test('a verdict outlives the process and belongs to its host and QEMU', async () => {
  const path = join(directory, 'a.json');
  await new AcceleratorMemory(path, () => new Date(0)).remember('qemu 7.2', 'kvm', 'refused', 'it aborts');
  const later = new AcceleratorMemory(path);
  expect(await later.verdict('qemu 7.2', 'kvm')).toEqual({ verdict: 'refused', reason: 'it aborts', at: '1970-01-01T00:00:00.000Z' });
  expect(await later.verdict('qemu 8.0', 'kvm')).toBeUndefined();
  expect(await later.verdict('qemu 7.2', 'tcg')).toBeUndefined();
});

test('a notice is told once', async () => {
  const memory = new AcceleratorMemory(join(directory, 'a.json'));
  expect(await Promise.all([memory.tellOnce('k', 'slow'), memory.tellOnce('k', 'slow'), memory.tellOnce('k', 'other')])).toEqual([true, false, true]);
});

test('a broken file means nothing is known', async () => {
  await writeFile(join(directory, 'a.json'), '{"version":1,');
  const memory = new AcceleratorMemory(join(directory, 'a.json'));
  expect(await memory.verdict('k', 'kvm')).toBeUndefined();
  await memory.remember('k', 'kvm', 'proven', 'x');
  expect((await memory.verdict('k', 'kvm'))?.verdict).toBe('proven');
});
