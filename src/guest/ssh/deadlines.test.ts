import { expect, test } from 'vitest';
import { patient, SLOW } from './deadlines.ts';

test('an attempt after two that were late has twice the time, then four times, then eight, and never more', () => {
  const times = [0, 1, 2, 3, 4, 5, 50].map((late) => patient(SLOW, late).doorman / SLOW.doorman);
  expect(times).toEqual([1, 1, 2, 4, 8, 8, 8]);
  expect(patient(SLOW, 9)).toMatchObject({ ping: SLOW.ping, keepalive: SLOW.keepalive, connect: SLOW.connect, banner: 8 * SLOW.banner, login: 8 * SLOW.login });
});
