/** How far a network change in a guest is, and how it ended, as netguard says; read within limits. */
import { flag, integer, list, maybe, object, oneOf, plain, Refused, text } from './bounded-json.ts';

export type NetguardStatus =
  | { readonly phase: 'none' }
  | {
    /** `committing` and `rolling` end by themselves. */
    readonly phase: 'armed' | 'committing' | 'rolling';
    readonly id: string;
    /** The change is in effect; until then it is under way. */
    readonly applied: boolean;
    /** What was done so far, in order. */
    readonly steps: readonly string[];
    /** Until the guest rolls back by itself; null when that is not for a deadline to decide. */
    readonly leftMs: number | null;
  };

export interface NetguardOutcome {
  readonly id: string;
  readonly outcome: 'committed' | 'rolled-back';
  readonly why: string;
  /** Of a change that was rolled back: files and what else was put back, in words. */
  readonly restored: readonly string[];
}

export interface NetguardApplied {
  readonly id: string;
  /** How it was applied in the end: what networkd cannot do alone is `apply`, whatever was asked for. */
  readonly how: 'apply' | 'reload';
  /** Files of networkd's and others that netplan makes differently now. */
  readonly changed: readonly string[];
  /** Last words of the program that applied it. */
  readonly said: string;
  readonly steps: readonly string[];
}

const MOST = { steps: 512, restored: 1024, changed: 1024 } as const;
type Answer = Readonly<Record<string, unknown>>;

/** @throws Refused */
export function parseStatus(answer: Answer): NetguardStatus {
  const phase = oneOf(answer['phase'], 'phase', ['none', 'armed', 'committing', 'rolling']);
  if (phase === 'none') return { phase };
  return {
    phase, id: transactionId(answer['id']), applied: flag(answer['applied'], 'applied'), steps: words(answer['steps'], 'steps', MOST.steps),
    leftMs: maybe(answer['leftMs'], (left) => integer(left, 'leftMs')),
  };
}

/** @throws Refused */
export function parseOutcome(answer: Answer): NetguardOutcome {
  return {
    id: transactionId(answer['id']), outcome: oneOf(answer['outcome'], 'outcome', ['committed', 'rolled-back']),
    why: plain(answer['why'], 1_500), restored: words(answer['restored'], 'restored', MOST.restored),
  };
}

/** @throws Refused */
export function parseApplied(answer: Answer): NetguardApplied {
  return {
    id: transactionId(answer['id']), how: oneOf(answer['how'], 'how', ['apply', 'reload']), changed: words(answer['changed'], 'changed', MOST.changed),
    said: plain(answer['said'], 2_000), steps: words(answer['steps'], 'steps', MOST.steps),
  };
}

/** What a transaction may be called: netguard makes directories of it. */
export function transactionId(value: unknown): string {
  if (typeof value !== 'string' || !/^[a-z0-9][a-z0-9-]{0,63}$/.test(value)) throw new Refused('id is none of a network change');
  return value;
}

/** File names can be anything: cleaned, not refused. */
function words(value: unknown, what: string, most: number): readonly string[] {
  return list(value, what, most).map((item) => plain(item, 500));
}

/** @returns the answer, and what it refused or could not do */
export function parseAnswer(stdout: string): { readonly answer: Answer } | { readonly refused: string } | { readonly error: string } {
  let value: unknown;
  try {
    value = JSON.parse(stdout);
  } catch {
    return { error: 'it gave no answer that can be read' };
  }
  try {
    const answer = object(value, 'answer');
    if (answer['v'] !== 1) return { error: `it is of another version (${text(String(answer['v']), 'v', 20)})` };
    if (typeof answer['refused'] === 'string') return { refused: plain(answer['refused'], 1_500) };
    if (typeof answer['error'] === 'string') return { error: plain(answer['error'], 500) };
    return { answer };
  } catch (error) {
    return { error: error instanceof Refused ? error.message : 'it gave no answer that can be read' };
  }
}
