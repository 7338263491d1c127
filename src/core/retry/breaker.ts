/**
 * Decides whether trying is worth it at all. After several failures in a row the circuit is open and callers are
 * refused at once; when its time is over one try is let through (half open) whose outcome closes or reopens it.
 */

export interface BreakerLimits {
  /** Failures in a row that open the circuit. */
  readonly failures: number;
  /** How long it stays open the first time; doubles with each failed probe up to the cap. */
  readonly openMs: number;
  readonly openCapMs: number;
}

export type Breaker =
  | { readonly state: 'closed'; readonly failures: number }
  | { readonly state: 'open'; readonly untilMs: number; readonly round: number }
  | { readonly state: 'half-open'; readonly round: number };

export type BreakerEvent =
  | { readonly type: 'try' }
  | { readonly type: 'success' }
  | { readonly type: 'failure' }
  /** Not worth repeating by itself (a wrong host key): opens at once. */
  | { readonly type: 'refusal' }
  /** Something changed outside (the guest's end opened, the host woke up): what was learnt is void. */
  | { readonly type: 'reset' };

export const CLOSED: Breaker = { state: 'closed', failures: 0 };

/** @param nowMs  a monotonic clock */
export function mayTry(breaker: Breaker, nowMs: number): boolean {
  return breaker.state === 'closed' || (breaker.state === 'open' && nowMs >= breaker.untilMs);
}

export function nextBreaker(breaker: Breaker, event: BreakerEvent, nowMs: number, limits: BreakerLimits): Breaker {
  switch (event.type) {
    case 'success':
    case 'reset':
      return CLOSED;
    case 'try':
      return breaker.state === 'open' && nowMs >= breaker.untilMs ? { state: 'half-open', round: breaker.round } : breaker;
    case 'refusal':
      return opened(breaker.state === 'closed' ? 0 : breaker.round + 1, nowMs, limits);
    case 'failure':
      if (breaker.state === 'half-open') return opened(breaker.round + 1, nowMs, limits);
      if (breaker.state === 'open') return breaker;
      return breaker.failures + 1 >= limits.failures ? opened(0, nowMs, limits) : { state: 'closed', failures: breaker.failures + 1 };
  }
}

function opened(round: number, nowMs: number, limits: BreakerLimits): Breaker {
  return { state: 'open', untilMs: nowMs + Math.min(limits.openCapMs, limits.openMs * 2 ** Math.min(round, 40)), round };
}
