/** When those who are in a guest that is to be stopped later are told how long they have. Times are milliseconds. */
import type { State } from './instance.ts';

const MINUTE = 60_000;

/** Every minute of the last five, every five of the last hour, every hour before. @returns whole minutes before the stop, less than `left` */
function nextMark(left: number): number {
  const step = left <= 5 ? 1 : left <= 60 ? 5 : 60;
  return Math.max(0, Math.ceil(left / step - 1) * step);
}

export interface NextMoment {
  /** To wait until then. */
  readonly inMs: number;
  /** 0: it is time to stop. */
  readonly minutesLeft: number;
}

/** The next time that something is to be done, never more than an hour ahead, so that no timer is too long. */
export function nextMoment(now: number, stopAt: number): NextMoment {
  const left = (stopAt - now) / MINUTE;
  if (left <= 0) return { inMs: 0, minutesLeft: 0 };
  const minutesLeft = nextMark(left);
  return { inMs: Math.max(0, stopAt - minutesLeft * MINUTE - now), minutesLeft };
}

/** Somebody may be inside, and is told; of the others nobody is. */
export function canStopLater(state: State): boolean {
  return state === 'Running' || state === 'Delayed Shutdown';
}

/** For wall(1). */
export function warning(minutes: number, name: string): string {
  return `This machine will be stopped in ${minutes} minute${minutes === 1 ? '' : 's'}. Called off on its host by: holdfast stop --cancel ${name}`;
}

export const CALLED_OFF = 'The stop of this machine was called off.';
