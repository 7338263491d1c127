import { expect, test } from 'vitest';
import { toPrune } from './prune.ts';

const DAY = 24 * 3600 * 1000;
const NOW = new Date('2026-11-23T12:00:00Z');
const template = (key: string, bytes: number, days: number) => ({ key, bytes, lastUsedAt: new Date(NOW.getTime() - days * DAY) });
const policy = { maxAgeMs: 14 * DAY, maxBytes: 100 };

test('templates go by age, then by size with the one used last kept longest', () => {
  expect(toPrune([template('old', 1, 15), template('new', 1, 1)], new Set(), NOW, policy)).toEqual(['old']);
  expect(toPrune([template('a', 60, 3), template('b', 60, 1), template('c', 30, 2)], new Set(), NOW, policy)).toEqual(['a']);
  expect(toPrune([template('a', 60, 30), template('b', 60, 1)], new Set(['a']), NOW, policy)).toEqual([]);
});
