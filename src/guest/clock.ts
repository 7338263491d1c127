/** Steps a guest's clock to the host's, by words to its doorman: needs neither its network nor an sshd. */
import type { DoormanLine } from './fork/word.ts';
import { openDoorman } from './fork/word.ts';
import type { LanePort } from './lane-port.ts';

const DEADLINE_MS = 30_000;
/** There and back; the clock is then off by half of it at most. */
const SOON_MS = 20;
/** By so much the way may have been taken for longer or shorter than it was. */
const CLOSE_MS = 5;
/** A guest that has just gone on is slow at first. One that stays slow is told no better by more words, if its way is steady. */
const WORDS = 10;
/** By so much more it may be off after these; only one whose way is now long and now short is told further. */
const STEADY_MS = 15;
const MOST_WORDS = 40;

/** @throws guest-unreachable, machine-failed, cancelled */
export async function setClock(lanes: LanePort, signal: AbortSignal): Promise<void> {
  using line = await openDoorman(lanes, signal);
  await stepClock(line, signal);
}

/**
 * Half of the way there and back is added to what is said, as the last word took it. A word that took long, or another time than was
 * thought, is said again.
 * @throws as DoormanLine.tell
 */
export async function stepClock(line: DoormanLine, signal: AbortSignal): Promise<void> {
  let wayMs = 0;
  for (let words = 1; words <= MOST_WORDS; words += 1) {
    const saidAt = performance.now();
    await line.tell({ do: 'clock', now: (Date.now() + wayMs) / 1000 }, DEADLINE_MS, signal);
    const tookMs = performance.now() - saidAt;
    const wrongMs = Math.abs(tookMs / 2 - wayMs);
    if ((tookMs <= SOON_MS && wrongMs <= CLOSE_MS) || (words >= WORDS && wrongMs <= STEADY_MS)) return;
    wayMs = tookMs / 2;
  }
}
