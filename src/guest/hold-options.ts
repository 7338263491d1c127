/** What it takes to hold a guest. */
import type { AgentFiles } from './look/repair-agent.ts';
import type { AddressPort, ConsolePort, LanePort } from './lane-port.ts';
import type { Deadlines } from './ssh/deadlines.ts';

export interface HoldOptions {
  readonly name: string;
  readonly lanes: LanePort;
  readonly address: AddressPort | undefined;
  readonly console: ConsolePort | undefined;
  /** Private keys in OpenSSH's form; public ones as in a .pub file. hostPublic is the lanes', guestHostPublic the guest's own sshd's. */
  readonly keys: { readonly controlPrivate: string; readonly sessionPrivate: string; readonly hostPublic: string; readonly guestHostPublic: string };
  /** The guest is emulated: everything takes some ten times longer. */
  readonly slow: boolean;
  /** When its machine was started, ISO 8601; now, when it is left out. */
  readonly startedAt?: string | undefined;
  readonly defaultUser: string;
  /** As whom its lanes were opened the last time, where that was another. */
  readonly lastUser?: string | undefined;
  /** Called when they are opened as another one than the default or the last. */
  readonly userLearnt?: ((user: string) => void) | undefined;
  /** Its doorman has answered already: it counts as held, and its session lane, which somebody waits for, is opened before the control lane. */
  readonly answered?: boolean | undefined;
  /** Called once nobody waits for what answered any more: its session lane is open, or did not come. */
  readonly arrived?: (() => void) | undefined;
  /** What a fork that has answered still lacks: its card, and then its services. It waits for its turn. */
  readonly unsettled?: { readonly turn: (signal: AbortSignal) => Promise<Disposable>; readonly plug: (signal: AbortSignal) => Promise<void>; readonly settled: () => Promise<void> } | undefined;
  /** Our version of the files in the guest; an older one there is renewed. */
  readonly agent?: AgentFiles | undefined;
  /** One line per cause; repetitions of a cause are left out by whoever prints. */
  readonly log: (cause: string, message: string) => void;
  /** For tests. */
  readonly deadlines?: Deadlines;
  readonly graceMs?: number;
  readonly agentDir?: string;
  readonly sshSocket?: string;
  readonly controlUser?: string;
}
