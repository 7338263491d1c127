/** What comes out of `compare`: a judgement of a change. */
import type { Family } from './facts.ts';
import type { Place } from './definition.ts';
import type { PredictedLink, Refusal } from './prediction.ts';

/** From harmless to worst. */
export const VERDICTS = ['safe', 'caution', 'unknown', 'lockout', 'invalid'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Exit codes of `net plan`. */
export const VERDICT_EXIT = { safe: 0, caution: 10, lockout: 11, invalid: 12, unknown: 13 } as const satisfies Record<Verdict, number>;

export interface Finding {
  /** Stable, for programs: `address-lost`, `default-route-moves`. */
  readonly code: string;
  readonly verdict: Verdict;
  /** Null when no place in a file is the cause. */
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly family: Family | null;
  readonly interface: string | null;
  readonly reason: string;
  readonly remedy: string | null;
}

export interface InterfaceChange {
  readonly name: string;
  readonly mac: string | null;
  readonly role: 'default' | 'extra' | 'virtual' | 'loopback';
  /** Null: it is not there before. */
  readonly before: PredictedLink | null;
  /** Null: it is not there after; when netplan refuses, what it has now stays. */
  readonly after: PredictedLink | null;
  readonly changed: boolean;
}

export interface Plan {
  readonly verdict: Verdict;
  /** The worst first. */
  readonly findings: readonly Finding[];
  readonly interfaces: readonly InterfaceChange[];
  readonly refused: Refusal | null;
}

export function worst(verdicts: readonly Verdict[]): Verdict {
  return VERDICTS[Math.max(0, ...verdicts.map((verdict) => VERDICTS.indexOf(verdict)))] ?? 'invalid';
}

export function placed(place: Place | null): Pick<Finding, 'file' | 'line' | 'column'> {
  return { file: place?.file ?? null, line: place?.line ?? null, column: place?.column ?? null };
}
