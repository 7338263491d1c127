import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Watch } from './watch.ts';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

test('a repair that takes long is the only one until it is over', async () => {
  const repair = Promise.withResolvers<boolean>();
  const repairs = vi.fn(() => repair.promise);
  const watch = new Watch({ isServed: () => Promise.resolve(false), repair: repairs });
  watch.start();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(repairs).toHaveBeenCalledTimes(1);
  repair.resolve(true);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(repairs).toHaveBeenCalledTimes(2);
  watch.stop();
});

test('what cannot be repaired is tried less and less, once a minute in the end, and as before when it has come up', async () => {
  const at: number[] = [];
  const start = Date.now();
  let works = false;
  const watch = new Watch({ isServed: () => Promise.resolve(true), repair: () => { at.push((Date.now() - start) / 1000); return Promise.resolve(works); } });
  watch.start();
  await vi.advanceTimersByTimeAsync(250_000);
  expect(at).toEqual([2, 6, 14, 30, 62, 122, 182, 242]);
  works = true;
  watch.start();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(at.slice(8)).toEqual([258, 274]);
  watch.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(at).toHaveLength(10);
});

test('what dies while something else cannot be repaired is repaired at once', async () => {
  const at: number[] = [];
  const start = Date.now();
  let served = true;
  const watch = new Watch({ isServed: () => Promise.resolve(served), repair: () => { at.push((Date.now() - start) / 1000); served = true; return Promise.resolve(false); } });
  watch.start();
  await vi.advanceTimersByTimeAsync(140_000);
  served = false;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(at.slice(-2)).toEqual([122, 142]);
  watch.stop();
});
