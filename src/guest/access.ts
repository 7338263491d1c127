/** Holding one running guest: which rung answers, who may use it for what, and what the guest says of itself. */
import type { Hold, Rung } from '../core/instance.ts';
import type { GuestShell } from './shell.ts';
import type { Report } from './report.ts';

/** `control`: root, small messages. `session`: the default user's shells and commands. `bulk`: files. */
export type Use = 'control' | 'session' | 'bulk';

export interface Reached {
  readonly shell: GuestShell;
  readonly rung: Rung;
  /** Why earlier rungs were passed over; empty when the first one answered. */
  readonly passedOver: readonly string[];
}

export interface GuestAccess extends AsyncDisposable {
  readonly hold: Hold;
  /**
   * A shell by the first rung that works; connections are kept and shared.
   * @throws guest-unreachable  no rung answered before the deadline; the message says what each one did
   */
  reach(use: Use, options: { readonly deadlineMs: number; readonly signal: AbortSignal }): Promise<Reached>;
  /** Latest reports of each type, as parsed; undefined before the first. */
  readonly reports: { readonly network: Extract<Report, { type: 'network' }> | undefined; readonly system: Extract<Report, { type: 'system' }> | undefined };
  onHold(listener: (hold: Hold) => void): () => void;
  onReport(listener: (report: Report) => void): () => void;
  /** The host slept, or the guest was paused: look at every lane again now instead of when the backoff says. */
  wake(): void;
  /** The guest will be gone by intent: losing a lane from now on is no news. */
  expectEnd(): void;
}
