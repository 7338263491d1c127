/**
 * Finds where a session starts in what a lane says. Before it there may be the end of an older session's
 * (encrypted) bytes, so the doorman's line and the banner are looked for anywhere, not only after a line end.
 */

export const STALE_LIMIT = 64 * 1024;

const DOORMAN = Buffer.from('holdfast-doorman ');
const DOORMAN_ERROR = Buffer.from('holdfast-doorman-error ');
const BANNER = Buffer.from('SSH-2.0-');
const LONGEST_LINE = 512;

export type Find =
  /** Nothing yet; bytes before `keepFrom` can be forgotten. */
  | { readonly kind: 'more'; readonly keepFrom: number }
  | { readonly kind: 'doorman'; readonly line: string; readonly end: number }
  | { readonly kind: 'error'; readonly reason: string; readonly end: number }
  | { readonly kind: 'banner'; readonly at: number };

/** The earliest mark in `held`; what comes in pieces is found as what comes at once. */
export function findBanner(held: Buffer): Find {
  for (let from = 0; ;) {
    const first = firstMark(held, from);
    if (first === undefined) return { kind: 'more', keepFrom: Math.max(from, held.length - (DOORMAN_ERROR.length - 1)) };
    if (first.kind === 'banner') return { kind: 'banner', at: first.at };
    const start = first.at + first.text.length;
    const end = held.subarray(0, start + LONGEST_LINE).indexOf(0x0a, start);
    if (end >= 0) {
      const line = held.toString('latin1', start, end).trim();
      return first.kind === 'error' ? { kind: 'error', reason: line, end: end + 1 } : { kind: 'doorman', line, end: end + 1 };
    }
    if (held.length - start < LONGEST_LINE) return { kind: 'more', keepFrom: first.at };
    // A mark whose line never ends was stale after all: what is looked for may come after it.
    from = start;
  }
}

function firstMark(held: Buffer, from: number): { readonly kind: 'doorman' | 'error' | 'banner'; readonly at: number; readonly text: Buffer } | undefined {
  const marks = [
    { kind: 'doorman', at: held.indexOf(DOORMAN, from), text: DOORMAN },
    { kind: 'error', at: held.indexOf(DOORMAN_ERROR, from), text: DOORMAN_ERROR },
    { kind: 'banner', at: held.indexOf(BANNER, from), text: BANNER },
  ] as const;
  return marks.filter((mark) => mark.at >= 0).toSorted((a, b) => a.at - b.at)[0];
}
