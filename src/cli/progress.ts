/** Shows on stderr what long work is at: a spinner for a person, one line per change of stage for a file or a pipe. */
import type { Writable } from 'node:stream';
import { oneLine } from './render/plain.ts';

export interface Progress extends Disposable {
  /** @param fraction  0..1 where it is known */
  stage(text: string, fraction?: number | null): void;
  /** A line that stays, above the spinner; the same text is shown once. */
  notice(text: string): void;
  /** Takes the spinner away; the next stage brings it back. */
  clear(): void;
}

const FRAMES = ['-', '\\', '|', '/'];
const FRAME_MS = 120;
const CLEAR_LINE = '\r\u001b[2K';

export function createProgress(out: Writable & { readonly columns?: number }, isTTY: boolean): Progress {
  const told = new Set<string>();
  let line = '';
  let at = 0;
  let turning: NodeJS.Timeout | undefined;
  const draw = () => out.write(`${CLEAR_LINE}${fit(`${FRAMES[at++ % FRAMES.length]} ${line}`, out.columns)}`);
  const clear = () => {
    if (!turning) return;
    clearInterval(turning);
    turning = undefined;
    out.write(CLEAR_LINE);
  };
  return {
    stage(text, fraction) {
      const stage = oneLine(text).trim();
      if (!stage) return;
      if (!isTTY) {
        if (stage !== line) out.write(`${stage}\n`);
        line = stage;
        return;
      }
      line = fraction === null || fraction === undefined ? stage : `${stage}: ${Math.floor(fraction * 100)}%`;
      if (turning) return;
      turning = setInterval(draw, FRAME_MS);
      turning.unref();
      draw();
    },
    notice(text) {
      if (told.has(text)) return;
      told.add(text);
      const resume = turning !== undefined;
      if (resume) out.write(CLEAR_LINE);
      out.write(`${oneLine(text)}\n`);
      if (resume) draw();
    },
    clear,
    [Symbol.dispose]: clear,
  };
}

/** A line that wraps could not be taken away again. */
function fit(text: string, columns = 80): string {
  const characters = Array.from(text);
  return characters.length < columns ? text : `${characters.slice(0, Math.max(1, columns - 2)).join('')}…`;
}
