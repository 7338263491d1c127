import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchClock } from './clock-watch.ts';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

test('a wall clock that runs away from the monotonic one is told once, either way; one that is slewed is not', () => {
  let [wall, monotonic] = [1_000_000, 0];
  const pass = (ms: number): void => {
    wall += ms;
    monotonic += ms;
    vi.advanceTimersByTime(ms);
  };
  const jumps: number[] = [];
  using _watch = watchClock((ms) => jumps.push(ms), () => wall, () => monotonic);
  pass(60_000);
  expect(jumps).toEqual([]);
  wall += 3_600_000;
  pass(60_000);
  wall -= 3_600_000;
  pass(60_000);
  expect(jumps).toEqual([3_600_000, -3_600_000]);
  for (let second = 0; second < 60; second += 1) {
    wall += 50;
    pass(1_000);
  }
  expect(jumps).toHaveLength(2);
});
