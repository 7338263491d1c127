/**
 * A clock that stands still while this process does (it was stopped, or its host slept). Silence is measured by it: what
 * a guest said meanwhile is there to be read, only nobody has read it yet.
 */
const TICK_MS = 500;
/** Between two ticks no more than this counts: a busy host makes them late, too, and that is some silence after all. */
const MOST_MS = 2_000;

/** @param monotonic  milliseconds @returns awake milliseconds since it was made; to be asked at least every tick */
export function awakeClock(monotonic: () => number): () => number {
  let awake = 0;
  let last = monotonic();
  return () => {
    const now = monotonic();
    awake += Math.min(now - last, MOST_MS);
    last = now;
    return awake;
  };
}

const clock = awakeClock(() => performance.now());
setInterval(clock, TICK_MS).unref();

export const awakeMs = (): number => clock();
