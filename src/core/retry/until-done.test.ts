import { expect, test, vi } from 'vitest';
import { untilDone } from './until-done.ts';

const backoff = { firstMs: 1, capMs: 4 };
const paused: number[] = [];
const pause = (ms: number): Promise<void> => {
  paused.push(ms);
  return Promise.resolve();
};

test('it is tried until it is done, and each failure is told', async () => {
  const failed = vi.fn();
  let times = 0;
  const work = (): Promise<number> => {
    times += 1;
    return times < 3 ? Promise.reject(new Error(`no ${times}`)) : Promise.resolve(times);
  };
  expect(await untilDone(work, { failed, signal: new AbortController().signal, backoff, pause })).toBe(3);
  expect(failed.mock.calls.map(([error]) => String(error))).toEqual(['Error: no 1', 'Error: no 2']);
  expect(paused).toEqual([expect.toSatisfy((ms: number) => ms >= 1 && ms <= 2), expect.toSatisfy((ms: number) => ms >= 1 && ms <= 3)]);
});

test('when there is no need any more it ends with what went wrong last', async () => {
  const end = new AbortController();
  const waits = untilDone(() => Promise.reject(new Error('no')), { failed: () => end.abort(), signal: end.signal, backoff, pause });
  await expect(waits).rejects.toThrow('no');
});

test('what fails after that is not told as a failure', async () => {
  const failed = vi.fn();
  const end = new AbortController();
  const waits = untilDone(() => { end.abort(); return Promise.reject(new Error('no')); }, { failed, signal: end.signal, backoff, pause });
  await expect(waits).rejects.toThrow('no');
  expect(failed).not.toHaveBeenCalled();
});
