import { describe, expect, test } from 'vitest';
import { type Breaker, type BreakerEvent, CLOSED, mayTry, nextBreaker } from './breaker.ts';

const limits = { failures: 3, openMs: 1000, openCapMs: 5000 };

function after(events: readonly BreakerEvent['type'][], from: Breaker = CLOSED, nowMs = 0): Breaker {
  return events.reduce<Breaker>((breaker, type) => nextBreaker(breaker, { type }, nowMs, limits), from);
}

describe('the circuit breaker', () => {
  test('opens after the given number of failures in a row, not before', () => {
    expect(after(['failure', 'failure'])).toEqual({ state: 'closed', failures: 2 });
    expect(after(['failure', 'failure', 'failure'])).toEqual({ state: 'open', untilMs: 1000, round: 0 });
  });

  test('a success in between starts the count anew', () => {
    expect(after(['failure', 'failure', 'success', 'failure'])).toEqual({ state: 'closed', failures: 1 });
  });

  test('lets exactly one try through when its time is over', () => {
    const open = after(['failure', 'failure', 'failure']);
    expect(mayTry(open, 999)).toBe(false);
    expect(mayTry(open, 1000)).toBe(true);
    const probing = nextBreaker(open, { type: 'try' }, 1000, limits);
    expect(mayTry(probing, 2000)).toBe(false);
  });

  test('a failed probe opens it for twice as long, up to the cap', () => {
    let breaker = after(['failure', 'failure', 'failure']);
    const spans: number[] = [];
    for (let now = 1000, round = 0; round < 4; round += 1) {
      breaker = nextBreaker(nextBreaker(breaker, { type: 'try' }, now, limits), { type: 'failure' }, now, limits);
      if (breaker.state !== 'open') throw new Error('expected an open circuit');
      spans.push(breaker.untilMs - now);
      now = breaker.untilMs;
    }
    expect(spans).toEqual([2000, 4000, 5000, 5000]);
  });

  test('a successful probe or a change outside closes it', () => {
    const open = after(['failure', 'failure', 'failure']);
    expect(after(['try', 'success'], open, 1000)).toEqual(CLOSED);
    expect(after(['reset'], open)).toEqual(CLOSED);
  });

  test('a refusal opens it at once', () => {
    expect(after(['refusal']).state).toBe('open');
  });
});
