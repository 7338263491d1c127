import { expect, test } from 'vitest';
import { RetakePauses } from './retake-pauses.ts';

/** What each of these waits, one after the other: those that were lost after so long, or were never made (null). */
function pauses(stood: readonly (number | null)[]): number[] {
  const all = new RetakePauses(() => 0.5);
  return stood.map((ms) => {
    if (ms !== null) all.lost(ms);
    return all.next();
  });
}

test('the first is tried at once; while no connection lasts the pause grows to half a minute, whether it answers and hangs up or does not answer at all', () => {
  const growing = [0, 1_000, 1_500, 2_500, 4_500, 8_500, 15_500, 15_500];
  expect(pauses(Array.from({ length: 8 }, () => 10))).toEqual(growing);
  expect(pauses([10, null, null, null, null, null, null, null])).toEqual(growing);
  expect(pauses([10, null, 10, null])).toEqual(growing.slice(0, 4));
});

test('after one that stood for a minute it begins anew', () => {
  expect(pauses([10, 10, 59_999, 60_000, 10])).toEqual([0, 1_000, 1_500, 0, 1_000]);
});
