import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { stepClock } from './clock.ts';
import type { DoormanLine } from './fork/word.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });

/** A guest whose clock is what it was told when the word arrived. @param ways  there and back, milliseconds, word by word; the last for all further ones */
function guest(ways: readonly (readonly [there: number, back: number])[]) {
  const guest = { offMs: Number.NaN, words: 0 };
  const line: DoormanLine = {
    async tell(word) {
      const [there, back] = ways[Math.min(guest.words, ways.length - 1)] ?? [0, 0];
      guest.words += 1;
      await pause(there);
      guest.offMs = (word as { now: number }).now * 1000 - Date.now();
      await pause(back);
      return {};
    },
    [Symbol.dispose]() { /* nothing is held */ },
  };
  return { guest, line };
}
const { signal } = new AbortController();

beforeEach(() => { vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] }); });
afterEach(() => { vi.useRealTimers(); });

async function stepped(line: DoormanLine): Promise<void> {
  const done = stepClock(line, signal);
  await vi.advanceTimersByTimeAsync(60_000);
  await done;
}

test('a guest that answers at once is told once', async () => {
  const { guest: quick, line } = guest([[0, 0]]);
  await stepped(line);
  expect(quick).toEqual({ offMs: 0, words: 1 });
});

test('one that is slow at first is told again, until a word was quick', async () => {
  const { guest: slow, line } = guest([[300, 5], [100, 20], [60, 10], [5, 5]]);
  await stepped(line);
  // The fifth word takes its way as the fourth did.
  expect(slow).toEqual({ offMs: 0, words: 5 });
});

test('one that stays slow is told so often and no more, and is off by what its ways differ in, not by their length', async () => {
  const { guest: far, line } = guest([[150, 100]]);
  await stepped(line);
  expect(far).toEqual({ offMs: -25, words: 10 });
});

test('one whose way is now long and now short is told until a word took about as long as the one before', async () => {
  const { guest: unsteady, line } = guest([...Array.from({ length: 15 }, (_, word): [number, number] => (word % 2 === 0 ? [170, 10] : [5, 5])), [10, 10]]);
  await stepped(line);
  expect(unsteady).toEqual({ offMs: 0, words: 17 });
});
