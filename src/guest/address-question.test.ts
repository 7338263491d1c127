import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AddressQuestion } from './address-question.ts';
import { ConnectionKeeper } from './lane.ts';
import { ReachFailure } from './ssh/failure.ts';
import { pause } from './ssh/time-limit.ts';

const never = new AbortController().signal;
const keepers: ConnectionKeeper[] = [];

beforeEach(() => { vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }); });
afterEach(async () => {
  await Promise.all(keepers.splice(0).map((keeper) => keeper[Symbol.asyncDispose]()));
  vi.useRealTimers();
});

/** A guest that takes its time to say nothing. */
function silentGuest(slow: boolean, takesMs: number) {
  const at: number[] = [];
  const address = new ConnectionKeeper({
    eager: false, limits: { failures: 1, openMs: 1, openCapMs: 1 },
    open: async (signal) => {
      at.push(performance.now());
      await pause(takesMs, signal);
      throw new ReachFailure('sshd', 'no banner');
    },
  });
  keepers.push(address);
  const question = new AddressQuestion({ address, slow, limitMs: 60_000, why: async () => undefined });
  return { at, question };
}

async function askForMinutes(minutes: number, questions: readonly AddressQuestion[]): Promise<void> {
  for (const end = performance.now() + minutes * 60_000; performance.now() < end;) {
    for (const question of questions) void question.ask(never);
    await vi.advanceTimersByTimeAsync(1_000);
  }
}

test('a guest that does not answer is asked more and more rarely, and at once when something has happened', async () => {
  const { at, question } = silentGuest(false, 10);
  const began = performance.now();
  await askForMinutes(20, [question]);
  const quarters = at.map((time, index) => Math.round((time - (at[index - 1] ?? began)) / 15_000));
  expect(quarters).toEqual([0, 1, 2, 4, 8, 16, 16, 16, 16]);
  question.forget();
  await askForMinutes(0.1, [question]);
  expect(at).toHaveLength(10);
});

test('of emulated guests one at a time is asked, and each in the end; others do not wait for each other', async () => {
  const emulated = Array.from({ length: 4 }, () => silentGuest(true, 15_000));
  await askForMinutes(0.2, emulated.map(({ question }) => question));
  expect(emulated.map(({ at }) => at.length)).toEqual([1, 0, 0, 0]);
  await askForMinutes(3, emulated.map(({ question }) => question));
  expect(emulated.every(({ at }) => at.length > 0)).toBe(true);
  const native = Array.from({ length: 4 }, () => silentGuest(false, 15_000));
  await askForMinutes(0.1, native.map(({ question }) => question));
  expect(native.map(({ at }) => at.length)).toEqual([1, 1, 1, 1]);
});

test('what is being asked is given up when nobody needs to know, and says nothing of the next time', async () => {
  const { at, question } = silentGuest(true, 15_000);
  const asked = question.ask(never);
  await vi.advanceTimersByTimeAsync(1_000);
  question.forget();
  await asked;
  expect(question.answer.answers).toBe(false);
  const other = silentGuest(true, 15_000);
  void other.question.ask(never);
  await vi.advanceTimersByTimeAsync(16_000);
  expect([at.length, other.at.length]).toEqual([1, 1]);
  void question.ask(never);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(at).toHaveLength(2);
});
