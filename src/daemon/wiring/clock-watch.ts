/** Notices that the host slept (or its clock was set): the wall clock then runs away from the monotonic one. */
const LOOK_MS = 5_000;
const JUMP_MS = 5_000;

/** @param onJump  milliseconds that the wall clock jumped, negative when it was set back */
export function watchClock(onJump: (ms: number) => void, wall: () => number = Date.now, monotonic: () => number = () => performance.now()): Disposable {
  let offset = wall() - monotonic();
  const timer = setInterval(() => {
    const now = wall() - monotonic();
    const jump = now - offset;
    offset = now;
    if (Math.abs(jump) > JUMP_MS) onJump(jump);
  }, LOOK_MS);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
