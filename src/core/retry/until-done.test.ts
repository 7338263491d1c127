import { expect, test, vi } from 'vitest';
import { untilDone, type Trying } from './until-done.ts';

/** @param over  after how many failures there is no need any more */
function trying(over = Infinity): Trying & { readonly told: unknown[]; readonly paused: number[] } {
  const told: unknown[] = [];
  const paused: number[] = [];
  return {
    told, paused, failed: (error) => told.push(error), isOver: () => told.length >= over, random: () => 0.5, backoff: { firstMs: 10, capMs: 40 },
    pause: (ms) => { paused.push(ms); return Promise.resolve(); },
  };
}

test('it is tried until it is done, less and less often, and each failure is told', async () => {
  const seen = trying();
  const work = vi.fn(() => (work.mock.calls.length < 5 ? Promise.reject(new Error(`no ${work.mock.calls.length}`)) : Promise.resolve('done')));
  expect(await untilDone(work, seen)).toBe('done');
  expect(seen.told.map(String)).toEqual(['Error: no 1', 'Error: no 2', 'Error: no 3', 'Error: no 4']);
  expect(seen.paused).toEqual([15, 20, 30, 30]);
});

test('when there is no need any more it ends with what went wrong last', async () => {
  const seen = trying(2);
  await expect(untilDone(() => Promise.reject(new Error('no')), seen)).rejects.toThrow('no');
  expect(seen.told).toHaveLength(2);
});

test('what fails after that is not told as a failure', async () => {
  const seen = trying(0);
  await expect(untilDone(() => Promise.reject(new Error('no')), seen)).rejects.toThrow('no');
  expect([seen.told, seen.paused]).toEqual([[], []]);
});
