import fc from 'fast-check';
import { expect, test } from 'vitest';
import { freeSubnetIndex, SUBNET_COUNT, userSubnet } from './subnets.ts';

test('the index given out is free while one is, and always a valid one', () => {
  fc.assert(fc.property(fc.uniqueArray(fc.integer({ min: 0, max: SUBNET_COUNT - 1 }), { maxLength: SUBNET_COUNT }), (taken) => {
    const index = freeSubnetIndex(new Set(taken));
    expect(index).toBeGreaterThanOrEqual(0);
    expect(index).toBeLessThan(SUBNET_COUNT);
    if (taken.length < SUBNET_COUNT) expect(taken).not.toContain(index);
  }));
});

test('no two subnets share anything', () => {
  const all = Array.from({ length: SUBNET_COUNT }, (_, index) => Object.values(userSubnet(index))).flat();
  expect(new Set(all).size).toBe(SUBNET_COUNT * 4);
});
