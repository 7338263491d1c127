import { readdirSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { realFiles } from './real-files.ts';

const there = readdirSync(new URL('real', import.meta.url)).filter((name) => name.endsWith('.test.ts')).map((name) => `test/real/${name}`).toSorted();

afterEach(() => vi.unstubAllEnvs());

test('each file has its turn within a few hundred commits, and none is named that is not there', () => {
  const taken = new Set<string>();
  for (let commit = 0; commit < 300; commit += 1) {
    vi.stubEnv('HOLDFAST_ROTATION', String(commit));
    for (const file of realFiles()) taken.add(file);
  }
  expect([...taken].toSorted()).toEqual(there);
});

test('a commit takes the same files each time, once each', () => {
  vi.stubEnv('HOLDFAST_ROTATION', '7');
  const files = realFiles();
  expect(realFiles()).toEqual(files);
  expect(new Set(files).size).toBe(files.length);
  expect(files.length).toBeLessThan(there.length / 2);
});
