/** Judge A, case after case: made, predicted, rendered, compared. */
import fc from 'fast-check';
import { compare } from '../../../src/core/netplan/compare.ts';
import { predict } from '../../../src/core/netplan/predict.ts';
import type { GuestFacts } from '../../../src/core/netplan/facts.ts';
import type { Verdict } from '../../../src/core/netplan/plan.ts';
import { caseOf, changesOf, seedOf, type Change } from '../cases/cases.ts';
import { factsOf, imaginedGuest } from '../cases/imagined-guests.ts';
import { judgeRendering, type Agreement } from './judge.ts';
import type { Generator } from './netplan-package.ts';
import { render, type Rendering } from './render.ts';

export interface JudgedCase extends Agreement {
  readonly number: number;
  readonly verdict: Verdict;
  /** What netplan says where it refuses, and we where we do. */
  readonly said: string;
  readonly weSaid: string;
}

const DEFECTS_PERCENT = 14;
/** netplan's generator is a process; two of them at a time. */
const AT_ONCE = 2;

const changes: fc.Arbitrary<Change> = imaginedGuest.chain((guest) => changesOf(guest, DEFECTS_PERCENT));

export function changeOf(seed: number, number: number): Change {
  return caseOf(changes, seed, number);
}

export async function runCases(generator: Generator, seed: number, numbers: readonly number[], tell: (judged: JudgedCase) => void): Promise<void> {
  const queue = numbers[Symbol.iterator]();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const number of queue) {
      const change = changeOf(seed, number);
      tell({ number, ...judgeChange(change, await render(generator, change.after), generator) });
    }
  }));
}

export function judgeChange(change: Change, rendering: Rendering, generator: Generator): Omit<JudgedCase, 'number'> {
  const facts = factsFor(change, generator);
  const predicted = predict(change.after, facts);
  return {
    ...judgeRendering(predicted, rendering, facts), verdict: compare(predict(change.before, facts), predicted, facts).verdict,
    said: rendering.refused === 'no' ? '' : rendering.said.trim(), weSaid: predicted.refused === null ? '' : `${predicted.refused.code}: ${predicted.refused.message}`,
  };
}

export function factsFor({ guest }: Change, { release }: Generator): GuestFacts {
  return factsOf(guest, release.netplan, release.systemd);
}

export function disagrees({ netplan, predicted, differences }: Agreement): boolean {
  return (netplan === 'accepted') !== (predicted === 'accepted') || differences.length > 0;
}

/** The least change that is still judged differently. */
export async function shrunk(generator: Generator, seed: number, number: number): Promise<Change> {
  const agrees = fc.asyncProperty(fc.noBias(changes), async (change) => !disagrees(judgeChange(change, await render(generator, change.after), generator)));
  const found = await fc.check(agrees, { seed: seedOf(seed, number), numRuns: 1, interruptAfterTimeLimit: 120_000 });
  return found.counterexample?.[0] ?? changeOf(seed, number);
}
