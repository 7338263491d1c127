import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ConnectionKeeper, type KeptShell } from './lane.ts';
import { ReachFailure } from './ssh/failure.ts';

const never = new AbortController().signal;
const backoff = { firstMs: 100, capMs: 1_000 };
const limits = { failures: 3, openMs: 10_000, openCapMs: 40_000 };

function fakeShell(): KeptShell & { fall(): void } {
  const closed = Promise.withResolvers<string>();
  let alive = true;
  const fall = (reason = 'it fell'): void => { alive = false; closed.resolve(reason); };
  return {
    user: 'root', silentMs: 0, commands: 0, closed: closed.promise, fall,
    get alive() { return alive; },
    ping: async () => {},
    drop: fall,
    exec: async () => { throw new Error('not here'); },
    async [Symbol.asyncDispose]() { fall('disposed'); },
  };
}

describe('ConnectionKeeper', () => {
  let attempts: number;
  /** What each attempt was told of those before it. */
  let late: number[];
  let works: boolean;
  let opposite: boolean;
  let shells: (KeptShell & { fall(): void })[];
  let keeper: ConnectionKeeper | undefined;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    [attempts, late, works, opposite, shells] = [0, [], false, true, []];
  });
  afterEach(async () => {
    await keeper?.[Symbol.asyncDispose]();
    keeper = undefined;
    vi.useRealTimers();
  });

  function keep(eager: boolean): ConnectionKeeper {
    keeper = new ConnectionKeeper({
      eager, backoff, limits, random: () => 0.999, isOpposite: () => opposite,
      open: async (_signal, lateBefore) => {
        attempts += 1;
        late.push(lateBefore);
        if (!works) throw new ReachFailure('doorman', 'nothing answered', { isLate: attempts !== 3 });
        const shell = fakeShell();
        shells.push(shell);
        return shell;
      },
    });
    return keeper;
  }

  test('does nothing until it is asked, unless it is eager', async () => {
    keep(false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(attempts).toBe(0);
  });

  test('waits longer after each failure, and the circuit opens', async () => {
    keep(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(attempts).toBe(1);
    await vi.advanceTimersByTimeAsync(99);
    expect(attempts).toBe(2);
    await vi.advanceTimersByTimeAsync(200);
    expect(attempts).toBe(3);
    await vi.advanceTimersByTimeAsync(9_500);
    expect(attempts).toBe(3);
    await vi.advanceTimersByTimeAsync(600);
    expect(attempts).toBe(4);
  });

  test('an attempt knows how many before it had too little time: word from the guest is no success, another failure is no lateness', async () => {
    const kept = keep(true);
    await vi.advanceTimersByTimeAsync(100);
    kept.opened();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(late.slice(0, 4)).toEqual([0, 1, 2, 0]);
    works = true;
    kept.opened();
    await vi.advanceTimersByTimeAsync(1);
    works = false;
    shells[0]?.fall();
    await vi.advanceTimersByTimeAsync(200);
    expect(late.at(-1)).toBe(0);
  });

  test('while the circuit is open callers are refused at once, with the reason', async () => {
    const kept = keep(true);
    await vi.advanceTimersByTimeAsync(500);
    await expect(kept.shell(never)).rejects.toThrow(/nothing answered \(3 attempts; the next in \d+(\.\d)? s\)/);
    expect(attempts).toBe(3);
  });

  test('the circuit closes when its one probe succeeds', async () => {
    const kept = keep(true);
    await vi.advanceTimersByTimeAsync(500);
    works = true;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(kept.state.state).toBe('open');
    expect(await kept.shell(never)).toBe(shells[0]);
  });

  test('a dead guest costs at most one attempt in 40 s in the long run', async () => {
    keep(true);
    await vi.advanceTimersByTimeAsync(120_000);
    const before = attempts;
    await vi.advanceTimersByTimeAsync(400_000);
    expect(attempts - before).toBeLessThanOrEqual(10);
  });

  test('wake() and the opening of the other end make it try at once', async () => {
    const kept = keep(true);
    for (const stir of [() => kept.wake(), () => kept.opened()]) {
      await vi.advanceTimersByTimeAsync(2_000);
      const before = attempts;
      stir();
      await vi.advanceTimersByTimeAsync(1);
      expect(attempts).toBe(before + 1);
    }
  });

  test('an end that opens and falls again and again is believed only so often', async () => {
    works = true;
    const kept = keep(true);
    for (let i = 0; i < 500; i += 1) {
      await vi.advanceTimersByTimeAsync(10);
      shells.at(-1)?.fall();
      kept.opened();
    }
    expect(attempts).toBeLessThan(60);
  });

  test('nobody at the other end: no attempt until it opens, or a long time has passed', async () => {
    opposite = false;
    const kept = keep(true);
    await vi.advanceTimersByTimeAsync(900);
    expect(attempts).toBe(0);
    [opposite, works] = [true, true];
    kept.opened();
    await vi.advanceTimersByTimeAsync(1);
    expect(kept.state.state).toBe('open');
  });

  test('a wrong host key opens the circuit at the first attempt', async () => {
    let tries = 0;
    keeper = new ConnectionKeeper({ eager: true, backoff, limits, open: async () => { tries += 1; throw new ReachFailure('host-key', 'not the one'); } });
    await vi.advanceTimersByTimeAsync(9_000);
    expect(tries).toBe(1);
  });

  test('those who wait all get the one connection', async () => {
    works = true;
    const kept = keep(false);
    const got = await Promise.all([kept.shell(never), kept.shell(never), kept.shell(never)]);
    expect(new Set(got).size).toBe(1);
    expect(attempts).toBe(1);
  });
});
