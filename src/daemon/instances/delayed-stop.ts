/**
 * Stops that are to come later. When is kept with the instance, so that no daemon's end loses it; the users inside are told
 * over the control lane how long they have.
 */
import { CALLED_OFF, nextMoment, warning } from '../../core/delayed-stop.ts';
import { fail } from '../../core/errors.ts';
import type { Supervisor } from '../supervisor.ts';
import { askGuest } from './stop.ts';

const MINUTE_MS = 60_000;
/** For one that could not be stopped in its time, because somebody works on it. */
const AGAIN_MS = 5_000;

export interface DelayedStops {
  /** @throws wrong-state where it does not run */
  later(supervisor: Supervisor, minutes: number, signal: AbortSignal): Promise<void>;
  /** Nothing where no stop is to come. */
  callOff(supervisor: Supervisor, signal: AbortSignal): Promise<void>;
  /** What an earlier daemon was asked for; what should have been meanwhile is done at once. */
  resume(supervisors: readonly Supervisor[]): void;
}

/** @param stop  begins it; throws where that cannot be now, which is told, and tried again */
export function delayedStops(stop: (supervisor: Supervisor) => void, trouble: (supervisor: Supervisor, error: unknown) => void): DelayedStops {
  const timers = new WeakMap<Supervisor, NodeJS.Timeout>();
  const schedule = (supervisor: Supervisor, ms: number, then: () => void): void => {
    timers.set(supervisor, setTimeout(then, ms).unref());
  };
  const arm = (supervisor: Supervisor): void => {
    clearTimeout(timers.get(supervisor));
    const { stopAt } = supervisor.record.instance.spec;
    if (stopAt === undefined) return;
    const { inMs, minutesLeft } = nextMoment(Date.now(), Date.parse(stopAt));
    schedule(supervisor, inMs, () => {
      // Stopped, suspended or removed meanwhile; or put off.
      if (supervisor.record.instance.spec.stopAt !== stopAt) return;
      if (minutesLeft === 0) return due(supervisor);
      void tell(supervisor, warning(minutesLeft, supervisor.name), AbortSignal.timeout(MINUTE_MS)).catch(() => {});
      arm(supervisor);
    });
  };
  const due = (supervisor: Supervisor): void => {
    try {
      stop(supervisor);
    } catch (error) {
      trouble(supervisor, error);
      schedule(supervisor, AGAIN_MS, () => arm(supervisor));
    }
  };
  return {
    async later(supervisor, minutes, signal) {
      if (supervisor.observed !== 'Running') {
        throw fail('wrong-state', `${supervisor.name} cannot be stopped later: it is ${supervisor.state}`, { hint: `stop it now: holdfast stop ${supervisor.name}` });
      }
      supervisor.stopAt(new Date(Date.now() + minutes * MINUTE_MS).toISOString());
      arm(supervisor);
      await tell(supervisor, warning(minutes, supervisor.name), signal);
    },
    async callOff(supervisor, signal) {
      if (supervisor.record.instance.spec.stopAt === undefined) return;
      clearTimeout(timers.get(supervisor));
      supervisor.stopAt(undefined);
      await tell(supervisor, CALLED_OFF, signal);
    },
    resume(supervisors) {
      for (const supervisor of supervisors) arm(supervisor);
    },
  };
}

/** A guest that nobody reaches is stopped all the same. */
async function tell(supervisor: Supervisor, words: string, signal: AbortSignal): Promise<void> {
  await askGuest(supervisor, ['wall', words], signal);
}
