/**
 * The daemon's log: at most one line per cause and instance in ten minutes, each with what to do about it, in a file
 * that is bounded (the older half is kept as `.1`).
 */
import { appendFileSync, renameSync, statSync } from 'node:fs';
import { plainLine } from '../../core/plain-text.ts';

const QUIET_MS = 10 * 60_000;
const MAX_BYTES = 1024 * 1024;
/** More causes than this at once would be a bug; the map must not grow with them. */
const MAX_CAUSES = 10_000;
const LONGEST = 2000;

export interface Log {
  /**
   * @param cause  what the line is about, in a word or two: the key, with the instance, by which repeats are held back
   * @param remedy  what to do about it; null where nothing needs doing
   */
  line(cause: string, instance: string | null, message: string, remedy?: string | null): void;
}

/** @param echo  is given each line once more, as it is written */
export function openLog(path: string, now: () => number = Date.now, echo?: (cause: string, line: string, remedy: string | null) => void): Log {
  const last = new Map<string, { at: number; heldBack: number }>();
  let size = sizeOf(path);
  return {
    line(cause, instance, message, remedy = null) {
      const key = `${instance ?? ''}\0${cause}`;
      const before = last.get(key);
      // A clock that was set back must not make it silent for longer.
      if (before && Math.abs(now() - before.at) < QUIET_MS) {
        before.heldBack += 1;
        return;
      }
      if (last.size >= MAX_CAUSES) last.clear();
      last.set(key, { at: now(), heldBack: 0 });
      const repeats = before?.heldBack ? ` (and ${before.heldBack} times more since ${new Date(before.at).toISOString()})` : '';
      // Many a message begins with the name that the line has already.
      const said = instance !== null && message.startsWith(`${instance}: `) ? message.slice(instance.length + 2) : message;
      const line = `${new Date(now()).toISOString()} ${instance ?? '-'} ${plainLine(said, LONGEST)}${repeats}${remedy ? `; ${plainLine(remedy, LONGEST)}` : ''}\n`;
      echo?.(cause, line, remedy);
      try {
        if (size + line.length > MAX_BYTES) {
          renameSync(path, `${path}.1`);
          size = 0;
        }
        appendFileSync(path, line, { mode: 0o600 });
        size += Buffer.byteLength(line);
      } catch {
        // A disk that is full: it is told in the midst of other work, which must go on.
      }
    },
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
