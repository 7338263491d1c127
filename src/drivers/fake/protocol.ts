/** What the fake machine's process and its driver say to each other: one JSON object per line over a unix socket. */
import type { Socket } from 'node:net';

/** The first message of a connection says what it is for. */
export type Request =
  | { readonly want: 'monitor' }
  | { readonly want: 'exec'; readonly command: readonly string[]; readonly cwd: string; readonly env: Readonly<Record<string, string>>; readonly user: string };

export type MonitorCommand = { readonly do: 'power-down' | 'reset' | 'kill' | 'pause' | 'suspend' };

export type MonitorEvent =
  | { readonly event: 'hello'; readonly id: string; readonly booted: boolean; readonly paused: boolean; readonly panicked: string | null }
  | { readonly event: 'booted' | 'reset' | 'paused' | 'powered-off' }
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
