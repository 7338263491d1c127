/** Runs a table of checks: each as soon as those that it needs are done, all others beside it, none beyond its deadline. */
import { inLayers, obstacleOf, type CheckResult, type Obstacle } from '../../core/diagnosis.ts';
import { HoldfastError } from '../../core/errors.ts';
import type { Check, Finding, Fix } from '../../drivers/check.ts';
import { orAbort, seconds, timeLimit } from '../../guest/ssh/time-limit.ts';
import { clause } from '../../guest/ssh/failure.ts';

export interface Examined {
  readonly result: CheckResult;
  readonly fix: Fix | undefined;
}

interface Outcome extends Examined {
  readonly obstacle: Obstacle | undefined;
  readonly pending: boolean;
}

/** @returns in the order of their layers. Throws nothing but the signal's reason: what a check throws is its result */
export async function runChecks(checks: readonly Check[], signal: AbortSignal): Promise<Examined[]> {
  const ordered = inLayers(checks);
  const outcomes = new Map<string, Promise<Outcome>>();
  const outcomeOf = (check: Check): Promise<Outcome> => {
    const known = outcomes.get(check.id);
    if (known) return known;
    const begun = examine(check, async (id) => {
      const other = ordered.find((each) => each.id === id);
      return other && await outcomeOf(other);
    }, signal);
    outcomes.set(check.id, begun);
    return begun;
  };
  const all = await Promise.all(ordered.map(outcomeOf));
  signal.throwIfAborted();
  return all;
}

async function examine(check: Check, needed: (id: string) => Promise<Outcome | undefined>, signal: AbortSignal): Promise<Outcome> {
  const others = await Promise.all((check.needs ?? []).map(needed));
  const obstacle = obstacleOf(others.filter((other) => other !== undefined));
  if (obstacle) return { ...told(check, { status: 'skipped', seen: `because of: ${obstacle.title}` }), obstacle, pending: false };
  using limit = timeLimit(check.deadlineMs, signal);
  const finding = await orAbort(check.run(limit.signal), limit.signal).catch((error: unknown): Finding => ({
    status: 'broken',
    seen: limit.expired ? `no answer within ${seconds(check.deadlineMs)}` : clause(error),
    remedy: !limit.expired && error instanceof HoldfastError && error.hint !== undefined ? error.hint : 'see what the daemon says of it: holdfast logs',
  }));
  return { ...told(check, finding), obstacle: undefined, pending: finding.status === 'warn' && finding.pending === true };
}

function told({ id, layer, title }: Check, finding: Finding): Examined {
  const unwell = finding.status === 'warn' || finding.status === 'broken' ? finding : undefined;
  const fix = unwell?.fix;
  return { result: { id, layer, title, status: finding.status, seen: finding.seen, remedy: unwell?.remedy ?? null, fixable: fix !== undefined }, fix };
}
