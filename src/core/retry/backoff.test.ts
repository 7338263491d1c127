import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { delayBefore } from './backoff.ts';

describe('delayBefore', () => {
  test('doubles the ceiling with each attempt until the cap', () => {
    const backoff = { firstMs: 100, capMs: 1000 };
    expect([0, 1, 2, 3, 4, 50].map((attempt) => delayBefore(attempt, backoff, 0.5))).toEqual([50, 100, 200, 400, 500, 500]);
  });

  test('stays within 0 and the cap whatever the attempt', () => {
    fc.assert(fc.property(fc.nat(5000), fc.nat(10_000), fc.nat(100_000), fc.double({ min: 0, max: 0.999999, noNaN: true }), (attempt, firstMs, capMs, random) => {
      const delay = delayBefore(attempt, { firstMs, capMs }, random);
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThanOrEqual(capMs);
    }));
  });
});
