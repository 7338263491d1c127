/** The port through which everything is done inside a guest: commands, terminals, later files and forwards. */
import type { Duplex, Readable, Writable } from 'node:stream';

export interface Terminal {
  readonly term: string;
  readonly cols: number;
  readonly rows: number;
}

export interface ExecRequest {
  /** argv; each element reaches the program as it is, no shell expands it. Empty: the user's login shell. */
  readonly command: readonly string[];
  /** Directory in the guest to start in; the home directory otherwise, and for a login shell also where that directory is not there. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly terminal?: Terminal;
  /** What the user's shell does by itself (`ulimit`, `command -v`) is a command too, and costs no program where there is one as well. Not with env. */
  readonly builtins?: boolean;
}

export type ExecExit = { readonly code: number } | { readonly signal: string };

/** A running command. Closing it hangs the command up; `exit` rejects with guest-unreachable when the connection dies first. */
export interface ExecSession extends AsyncDisposable {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exit: Promise<ExecExit>;
  resize(cols: number, rows: number): void;
  signal(name: string): void;
}

/** One authenticated connection into the guest as one user. */
export interface GuestShell extends AsyncDisposable {
  readonly user: string;
  /** Of Holdfast's files in the guest, where that was told on the way in. */
  readonly agentVersion?: string | undefined;
  /** True until the connection is known to be gone. */
  readonly alive: boolean;
  exec(request: ExecRequest, signal: AbortSignal): Promise<ExecSession>;
  /** A stream to a unix socket of the guest's, by its path; left out where the way there cannot carry one. It closes when the connection does. */
  connect?(path: string, signal: AbortSignal): Promise<Duplex>;
  /** Resolves once, when the connection ends, with the reason. */
  readonly closed: Promise<string>;
}

/** Small commands with small answers, for the daemon's own use: output beyond the limit is an error. */
export interface CommandResult {
  readonly exit: ExecExit;
  readonly stdout: string;
  readonly stderr: string;
}
