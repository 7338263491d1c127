import { afterEach, expect, test, vi } from 'vitest';
import { pairUp, pickPair } from './rotation.ts';

const [SIX, FOUR] = [['a', 'b', 'c', 'd', 'e', 'f'], ['1', '2', '3', '4']];

afterEach(() => { vi.unstubAllEnvs(); });

test('in time every pair has its turn, though both numbers are even', () => {
  const seen = new Set(Array.from({ length: 24 }, (_, rotation) => {
    vi.stubEnv('HOLDFAST_ROTATION', String(rotation));
    return pickPair(SIX, FOUR).join('');
  }));
  expect(seen.size).toBe(24);
});

test('all of both are in as few pairs as there are of the longer', () => {
  const pairs = pairUp(SIX, FOUR);
  expect(pairs).toHaveLength(6);
  expect([new Set(pairs.map(([letter]) => letter)), new Set(pairs.map(([, digit]) => digit))]).toEqual([new Set(SIX), new Set(FOUR)]);
});
