/** What the fake machine's process and its driver say to each other: one JSON object per line over a unix socket. */
import type { Socket } from 'node:net';
import type { Report } from '../../guest/report.ts';

/** The first message of a connection says what it is for. */
export type Request =
  | { readonly want: 'monitor' }
  /** Its network cards are others now. */
  | { readonly want: 'plugged' }
  /** Answers as an sshd begins, then gives back all that it gets: see Echo. */
  | { readonly want: 'ssh' }
  | { readonly want: 'exec'; readonly command: readonly string[]; readonly cwd: string; readonly env: Readonly<Record<string, string>>; readonly user: string };

export type MonitorCommand =
  | { readonly do: 'power-down' | 'reset' | 'kill' | 'pause' | 'suspend' }
  /** Asks for the end of the console's log; what follows it comes as events. */
  | { readonly do: 'console'; readonly maxBytes: number }
  | { readonly do: 'type'; readonly keys: string };

/** Both ways; bytes in base64. */
export type Echo = { readonly data: string } | { readonly end: true };

export type MonitorEvent =
  | { readonly event: 'hello'; readonly id: string; readonly booted: boolean; readonly paused: boolean; readonly panicked: string | null }
  | { readonly event: 'booted' | 'reset' | 'paused' | 'powered-off' }
  | { readonly event: 'report'; readonly report: Report }
  | { readonly event: 'console' | 'console-before'; readonly text: string }
  | { readonly event: 'panicked'; readonly reason: string };

export type ExecInput = { readonly stdin: string } | { readonly end: true } | { readonly signal: string };
export type ExecOutput = { readonly stdout: string } | { readonly stderr: string } | { readonly exit: { readonly code: number } | { readonly signal: string } };

/** Faults that a test asks for in faults.json of the machine's directory; read anew for each connection. */
export interface Faults {
  readonly lane?: 'silent';
  readonly bootMs?: number;
  readonly diesAfterMs?: number;
  readonly panicsAfterMs?: number;
  /** The power button is pressed in vain. */
  readonly ignoresPowerButton?: boolean;
  /** What netplan is told to set does not come about. */
  readonly noAddress?: boolean;
  /** Addresses that do not answer when they are tried from the guest. */
  readonly unanswered?: readonly string[];
  /** It has no sshfs, and installing it never ends. */
  readonly installsForEver?: boolean;
  /** What a doctor finds in the guest, by its name in ailments.ts; mending takes it away. */
  readonly ails?: readonly string[];
}

export function send(socket: Socket, message: object): void {
  if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
}

/** Both ends are our own: what is no JSON is a bug and may throw, and each says by its parameter what it expects. */
export function onMessages(socket: Socket, take: (message: never) => void): void {
  let held = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const lines = (held + chunk).split('\n');
    held = lines.pop() ?? '';
    for (const line of lines) take(JSON.parse(line) as never);
  });
}
