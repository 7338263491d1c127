/** What a soak has done so far, one line of JSON each: a run that is broken off goes on from there. */
import { appendFile, readFile } from 'node:fs/promises';

/** `what` was measured in seconds, or failed. */
export interface Mark {
  readonly part: 'cycles' | 'reconnects' | 'forks';
  readonly what: string;
  readonly seconds?: number;
  readonly failed?: string;
  /** Seconds of the time that its part is to last. */
  readonly took?: number;
}

/** When the daemon is killed under all forks. */
export const AFTER_THE_DAEMON = 'all held by the next daemon';

/** The last of the forks' part. */
export const AT_THE_END = 'held at the end';

/** @param path  nothing is kept without one */
export async function readMarks(path: string | undefined): Promise<Mark[]> {
  const text = path === undefined ? '' : await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Mark);
}

export async function keepMark(path: string | undefined, mark: Mark): Promise<void> {
  if (path !== undefined) await appendFile(path, `${JSON.stringify(mark)}\n`);
}

/** @returns seconds that the forks' part is still to last; undefined when it is complete. 0: only the look at its end is missing. */
export function leftOfForks(marks: readonly Mark[], minutes: number): number | undefined {
  const forks = marks.filter(({ part }) => part === 'forks');
  const left = minutes * 60 - forks.reduce((sum, { took = 0 }) => sum + took, 0);
  if (left > 0) return left;
  return forks.at(-1)?.what === AT_THE_END ? undefined : 0;
}
