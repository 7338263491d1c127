/** Examines, does what can safely be done about what it found, one thing after the other, and sees whether that helped. */
import { nextToFix } from '../../core/diagnosis.ts';
import type { WireDiagnosis, WireFix } from '../../api/doctor-schemas.ts';
import { causeOf } from '../../core/diagnosis.ts';
import type { Check } from '../../drivers/check.ts';
import { clause } from '../../guest/ssh/failure.ts';
import { pause, seconds, timeLimit, orAbort } from '../../guest/ssh/time-limit.ts';
import { runChecks, type Examined } from './run-checks.ts';

/** The table is made anew for each look: what was seen before a fix is not true after it. */
type MakeChecks = () => readonly Check[] | Promise<readonly Check[]>;

export interface Patience {
  /** Until a check that was mended is well: a doorman starts, a lease comes. */
  readonly settleMs: number;
  /** For what is broken behind it, which often only followed from it. */
  readonly followMs: number;
}

const LOOK_AGAIN_MS = 1_000;
/** For one check, so that two fixes which undo each other come to an end. */
const MOST_TRIES = 2;

export async function diagnose(subject: string | null, make: MakeChecks, signal: AbortSignal): Promise<WireDiagnosis> {
  const startedAt = performance.now();
  return told(subject, await runChecks(await make(), signal), [], startedAt);
}

/**
 * What failed is tried once more when all others have had their turn and one of them helped: packages need the network that was
 * mended meanwhile. Never throws for a fix that fails: that is told of the fix.
 */
export async function mendAll(subject: string | null, make: MakeChecks, patience: Patience, signal: AbortSignal): Promise<WireDiagnosis> {
  const startedAt = performance.now();
  const fixes: WireFix[] = [];
  const tries = new Map<string, number>();
  /** Nothing has helped since they were tried, or they had all their tries. */
  const futile = new Set<string>();
  let examined = await runChecks(await make(), signal);
  for (;;) {
    const results = examined.map(({ result }) => result);
    const next = nextToFix(results, new Set(tries.keys())) ?? nextToFix(results, futile);
    const fix = next && examined.find(({ result }) => result.id === next.id)?.fix;
    if (!next || !fix) return told(subject, examined, fixes, startedAt);
    tries.set(next.id, (tries.get(next.id) ?? 0) + 1);
    futile.add(next.id);
    using limit = timeLimit(fix.deadlineMs, signal);
    const { did, failed } = await orAbort(fix.run(limit.signal), limit.signal).then(
      (said) => ({ did: said, failed: false }),
      (error: unknown) => ({ did: `it failed: ${limit.expired ? `not done within ${seconds(fix.deadlineMs)}` : clause(error)}`, failed: true }),
    );
    signal.throwIfAborted();
    examined = await settle(make, next.id, failed ? { settleMs: 0, followMs: 0 } : patience, signal);
    const after = examined.find(({ result }) => result.id === next.id)?.result;
    const good = after !== undefined && after.status !== 'broken' && after.status !== 'skipped';
    if (good) for (const [id, count] of tries) if (id !== next.id && count < MOST_TRIES) futile.delete(id);
    fixes.push({ check: next.id, title: next.title, did, good, seen: after?.seen ?? 'it is not there any more' });
  }
}

async function settle(make: MakeChecks, id: string, { settleMs, followMs }: Patience, signal: AbortSignal): Promise<Examined[]> {
  const since = performance.now();
  let goodSince: number | undefined;
  for (;;) {
    const examined = await runChecks(await make(), signal);
    const unwell = examined.filter(({ result }) => result.status === 'broken');
    const good = examined.find(({ result }) => result.id === id)?.result.status !== 'broken';
    goodSince = good ? goodSince ?? performance.now() : undefined;
    const patience = goodSince === undefined ? since + settleMs : goodSince + followMs;
    if ((good && unwell.length === 0) || performance.now() >= patience) return examined;
    await pause(LOOK_AGAIN_MS, signal);
    signal.throwIfAborted();
  }
}

function told(subject: string | null, examined: readonly Examined[], fixes: readonly WireFix[], startedAt: number): WireDiagnosis {
  const checks = examined.map(({ result }) => ({ ...result }));
  return { instance: subject, checks, cause: causeOf(checks)?.id ?? null, fixes: [...fixes], tookMs: Math.round(performance.now() - startedAt) };
}
