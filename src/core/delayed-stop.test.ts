import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextMoment, warning } from './delayed-stop.ts';

const MINUTE = 60_000;

/** Minutes before the stop at which something happens. */
function marks(minutes: number): number[] {
  const stopAt = minutes * MINUTE;
  const seen: number[] = [];
  for (let now = 0; ;) {
    const { inMs, minutesLeft } = nextMoment(now, stopAt);
    seen.push(minutesLeft);
    if (minutesLeft === 0) return seen;
    now += inMs;
  }
}

test('it is told every minute at the end, every five before that, every hour before that', () => {
  expect(marks(3)).toEqual([2, 1, 0]);
  expect(marks(17)).toEqual([15, 10, 5, 4, 3, 2, 1, 0]);
  expect(marks(150).slice(0, 4)).toEqual([120, 60, 55, 50]);
});

test('it ends at its time, whenever it is looked at, and no wait is longer than an hour', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 525_600 * MINUTE }), (left) => {
    const { inMs, minutesLeft } = nextMoment(0, left);
    expect(inMs).toBeGreaterThanOrEqual(0);
    expect(inMs).toBeLessThanOrEqual(60 * MINUTE);
    expect(inMs + minutesLeft * MINUTE).toBe(left);
  }));
  expect(nextMoment(100, 50)).toEqual({ inMs: 0, minutesLeft: 0 });
});

test('who is inside hears how to call it off', () => expect(warning(1, 'apollo')).toBe('This machine will be stopped in 1 minute. Called off on its host by: holdfast stop --cancel apollo'));
