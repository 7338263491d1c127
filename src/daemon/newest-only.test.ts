import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { newestOnly } from './newest-only.ts';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

const unexpected = (error: unknown): void => { throw error; };

test('the first is worked on at once, and of what comes before the rest is over only the newest', async () => {
  const done: number[] = [];
  const paced = newestOnly<number>(1000, (value) => { done.push(value); }, unexpected);
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
  }, unexpected);
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

test.each([
  ['throws', () => { throw new Error('the store is closed'); }],
  ['is rejected', () => Promise.reject(new Error('the store is closed'))],
] as const)('work that %s is told of, whoever gave it goes on, and the next is worked on after the rest', async (_how, fails) => {
  const begun: number[] = [];
  const failures: unknown[] = [];
  const paced = newestOnly<number>(1000, (value) => {
    begun.push(value);
    return value === 1 ? fails() : undefined;
  }, (error) => { failures.push(error); });
  paced.give(1);
  paced.give(2);
  await vi.advanceTimersByTimeAsync(999);
  expect([begun, failures]).toEqual([[1], [new Error('the store is closed')]]);
  await vi.advanceTimersByTimeAsync(1);
  expect([begun, failures.length]).toEqual([[1, 2], 1]);
});
