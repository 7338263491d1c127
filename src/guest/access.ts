/** Holding one running guest: which rung answers, who may use it for what, and what the guest says of itself. */
import type { Duplex } from 'node:stream';
import type { Hold, Rung } from '../core/instance.ts';
import type { AgentFiles } from './look/repair-agent.ts';
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

/** For a user's own ssh client. */
export interface UserSsh {
  /** Begins with the banner of an sshd that is this connection's alone; each direction ends by itself. */
  readonly stream: Duplex;
  readonly rung: Rung;
  readonly passedOver: readonly string[];
}

export interface Limits {
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

export interface GuestAccess extends AsyncDisposable {
  readonly hold: Hold;
  /** Holdfast's files for this guest, for whoever puts them back. */
  readonly agent?: AgentFiles | undefined;
  /**
   * A shell by the first rung that works; connections are kept and shared.
   * @throws guest-unreachable  no rung answered before the deadline; the message says what each one did
   */
  reach(use: Use, options: Limits): Promise<Reached>;
  /** Any number at once. @throws guest-unreachable, exec-failed, cancelled */
  openSsh(options: Limits): Promise<UserSsh>;
  /** Whom the session lane and users' own ssh clients log in as, as far as known. */
  readonly user: string;
  /** Latest reports of each type, as parsed; undefined before the first. */
  readonly reports: { readonly network: Extract<Report, { type: 'network' }> | undefined; readonly system: Extract<Report, { type: 'system' }> | undefined; readonly netplan?: Extract<Report, { type: 'netplan' }> | undefined };
  onHold(listener: (hold: Hold) => void): () => void;
  /** Told when the guest opens or closes its end of the control lane: long before, or without, a login on it. */
  onControl(listener: (open: boolean) => void): () => void;
  onReport(listener: (report: Report) => void): () => void;
  /** The host slept, or the guest was paused: look at every lane again now instead of when the backoff says. */
  wake(): void;
  /** Steps its clock to the host's. @throws guest-unreachable, machine-failed (it could not), cancelled */
  setClock(signal: AbortSignal): Promise<void>;
  /** The guest will be gone by intent: losing a lane from now on is no news. */
  expectEnd(): void;
}
