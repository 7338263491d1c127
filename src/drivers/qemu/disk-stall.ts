/** A machine that QEMU paused because its disk could not grow: why, and when it can go on. */
import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Enough for a guest to write for a moment: with less it would be paused again at once. */
const ENOUGH_BYTES = 64 * 1024 * 1024;
const LOOK_MS = 2_000;

/** In a sentence's end, as after `apollo is paused: `. */
export function stallReason(directory: string): string {
  return `its disk cannot grow, the host's is full: free some space where ${directory} is, and it goes on by itself`;
}

/** Resolves when there is space again where the disk is; rejects when the signal aborts. */
export async function untilSpace(directory: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(LOOK_MS, undefined, { signal, ref: false });
    const free = await statfs(directory).then(({ bavail, bsize }) => bavail * bsize, () => 0);
    if (free >= ENOUGH_BYTES) return;
  }
}
