/** One thing that a doctor looks at: what the driver brings of its own, and the daemon of the guest and the host. */
import type { Layer } from '../core/diagnosis.ts';

export interface Fix {
  /** @returns what was done, in a clause. Nothing that could lose data is a fix. */
  run(signal: AbortSignal): Promise<string>;
  /** How long it may take; until the check is well again is not in it. */
  readonly deadlineMs: number;
}

export type Finding =
  | { readonly status: 'ok' | 'skipped'; readonly seen: string }
  | { readonly status: 'warn' | 'broken'; readonly seen: string; readonly remedy: string; readonly fix?: Fix | undefined; /** It is still to come: what needs it means nothing yet. */ readonly pending?: boolean };

export interface Check {
  readonly id: string;
  readonly layer: Layer;
  readonly title: string;
  /** Checks without which this one means nothing; those that are not in the table do not count. */
  readonly needs?: readonly string[];
  readonly deadlineMs: number;
  /** What is thrown is told as broken, with its hint as the remedy. */
  run(signal: AbortSignal): Promise<Finding>;
}

export const well = (seen: string): Finding => ({ status: 'ok', seen });
export const nothing = (seen: string): Finding => ({ status: 'skipped', seen });
export const broken = (seen: string, remedy: string, fix?: Fix): Finding => ({ status: 'broken', seen, remedy, fix });
export const warning = (seen: string, remedy: string, fix?: Fix): Finding => ({ status: 'warn', seen, remedy, fix });
