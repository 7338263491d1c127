import { expect, test } from 'vitest';
import { awakeClock } from './awake.ts';

test('time passes as long as it is looked at, and stands still while the process does', () => {
  let now = 5_000;
  const awake = awakeClock(() => now);
  for (let tick = 0; tick < 20; tick += 1) {
    now += 500;
    awake();
  }
  expect(awake()).toBe(10_000);
  now += 600_000;
  expect(awake(), 'ten minutes of being stopped').toBe(12_000);
  now += 500;
  expect(awake()).toBe(12_500);
});
