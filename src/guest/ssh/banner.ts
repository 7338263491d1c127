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

/** The earliest mark in `held`. */
export function findBanner(held: Buffer): Find {
  const marks = [
    { kind: 'doorman', at: held.indexOf(DOORMAN), text: DOORMAN },
    { kind: 'error', at: held.indexOf(DOORMAN_ERROR), text: DOORMAN_ERROR },
    { kind: 'banner', at: held.indexOf(BANNER), text: BANNER },
  ] as const;
  const first = marks.filter((mark) => mark.at >= 0).toSorted((a, b) => a.at - b.at)[0];
  if (first === undefined) return { kind: 'more', keepFrom: Math.max(0, held.length - (DOORMAN_ERROR.length - 1)) };
  if (first.kind === 'banner') return { kind: 'banner', at: first.at };
  const start = first.at + first.text.length;
  const end = held.indexOf(0x0a, start);
  // A mark whose line never ends was stale after all.
  if (end < 0) return { kind: 'more', keepFrom: held.length - first.at > LONGEST_LINE ? start : first.at };
  const line = held.toString('latin1', start, end).trim();
  return first.kind === 'error' ? { kind: 'error', reason: line, end: end + 1 } : { kind: 'doorman', line, end: end + 1 };
}
