/** The heavy part of `net plan --offline`, in a bundle of its own (scripts/bundle.ts): plain data in, plain data out. */
import { advise, type Advice } from '../core/netplan/advise.ts';
import { compare } from '../core/netplan/compare.ts';
import type { GuestFacts, NetplanFile } from '../core/netplan/facts.ts';
import type { Plan } from '../core/netplan/plan.ts';
import { predict } from '../core/netplan/predict.ts';

/** @returns advice for a lockout only */
export function judgeFiles(present: readonly NetplanFile[], after: readonly NetplanFile[], facts: GuestFacts): { readonly plan: Plan; readonly advice: Advice | null } {
  const plan = compare(predict(present, facts), predict(after, facts), facts);
  return { plan, advice: plan.findings.some(({ verdict }) => verdict === 'lockout') ? advise(plan, facts) : null };
}
