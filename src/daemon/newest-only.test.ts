import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { newestOnly } from './newest-only.ts';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

test('the first is worked on at once, and of what comes before the rest is over only the newest', async () => {
  const done: number[] = [];
  const paced = newestOnly<number>(1000, (value) => { done.push(value); });
  for (let value = 1; value <= 100; value += 1) paced.give(value);
  expect(done).toEqual([1]);
  await vi.advanceTimersByTimeAsync(999);
  expect(done).toEqual([1]);
  await vi.advanceTimersByTimeAsync(1);
  expect(done).toEqual([1, 100]);
  await vi.advanceTimersByTimeAsync(5000);
  paced.give(101);
  expect(done).toEqual([1, 100, 101]);
});

test('one that takes long is not overtaken, and after its end nothing is begun', async () => {
  const begun: number[] = [];
  const first = Promise.withResolvers<void>();
  const paced = newestOnly<number>(10, (value) => {
    begun.push(value);
    return value === 1 ? first.promise : undefined;
  });
  paced.give(1);
  paced.give(2);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(begun).toEqual([1]);
  first.resolve();
  await vi.advanceTimersByTimeAsync(10);
  expect(begun).toEqual([1, 2]);
  paced.give(3);
  paced[Symbol.dispose]();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(begun).toEqual([1, 2]);
});
