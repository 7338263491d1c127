import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PanicDoubt } from './panic-doubt.ts';

const WORDS = 'Kernel panic - not syncing: x';
const ANSWERS_MS = 3_000;

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

/** A guest whose console has just said so. */
function doubted(answer: boolean) {
  const guest = {
    answer, paused: false, asked: 0, believed: [] as string[], logged: [] as string[], doubt: undefined as unknown as PanicDoubt,
  };
  guest.doubt = new PanicDoubt({
    name: 'apollo', isPaused: () => guest.paused, believe: (words) => guest.believed.push(words), log: (_cause, message) => guest.logged.push(message),
    async answers() {
      guest.asked += 1;
      if (!guest.answer) await new Promise((resolve) => { setTimeout(resolve, ANSWERS_MS); });
      return guest.answer;
    },
  });
  void guest.doubt.hear(WORDS);
  return guest;
}

test('a guest that answers goes on, and is said to', async () => {
  const guest = doubted(true);
  void guest.doubt.hear(WORDS);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([guest.asked, guest.believed, guest.logged]).toEqual([1, [], [expect.stringContaining('but it answers')]]);
});

test('one that does not has panicked, within seconds', async () => {
  const guest = doubted(false);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([guest.asked, guest.believed, guest.doubt.words]).toEqual([0, [], WORDS]);
  await vi.advanceTimersByTimeAsync(4_000);
  expect(guest.believed).toEqual([WORDS]);
});

test('while it is paused it can say nothing: it is asked when it goes on', async () => {
  const guest = doubted(false);
  await vi.advanceTimersByTimeAsync(2_000);
  guest.paused = true;
  await vi.advanceTimersByTimeAsync(60_000);
  expect([guest.asked, guest.believed]).toEqual([1, []]);
  [guest.paused, guest.answer] = [false, true];
  await vi.advanceTimersByTimeAsync(5_000);
  expect([guest.asked, guest.believed, guest.logged.length]).toEqual([2, [], 1]);
});

test.each([500, 2_500])('one that was restarted %d ms later has not panicked, and may yet', async (ms) => {
  const guest = doubted(false);
  await vi.advanceTimersByTimeAsync(ms);
  guest.doubt.clear();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([guest.believed, guest.logged, guest.doubt.words]).toEqual([[], [], undefined]);
  void guest.doubt.hear(WORDS);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(guest.believed).toEqual([WORDS]);
});
