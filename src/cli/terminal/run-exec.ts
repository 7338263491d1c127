/** Joins this process's terminal or pipes to a command in an instance. */
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import type { ExecFrameRequest } from '../../api/exec-frames.ts';
import { openExec, type ExecOutcome, type ExecSession } from '../../client/exec-socket.ts';
import type { Client } from '../../client/client.ts';
import { loadSockets } from '../../client/socket.ts';
import { fail } from '../../core/errors.ts';
import type { Context } from '../command.ts';
import { createProgress } from '../progress.ts';
import { carriedBy } from '../render/carried-by.ts';
import { rawMode } from './raw-mode.ts';

export interface Exec {
  readonly name: string;
  /** Empty: the login shell. */
  readonly command: readonly string[];
  /** Of the instance. */
  readonly cwd?: string | undefined;
  /** Of this host: where a mount has it, the command begins there. */
  readonly from?: string | undefined;
  /** Of --timeout: until the command begins, the start of the instance included. */
  readonly timeoutSeconds?: number | undefined;
}

/** Of a process that a signal ended, as a shell says it. */
const SIGNALLED = 128;
const FORWARDED = ['SIGINT', 'SIGTERM'] as const;
type Tty = { readonly columns?: number; readonly rows?: number };

/** Loads what `runExec` needs, sockets and this process's own input: see cli/without-maglev.ts. */
export function prepareExec(context: Pick<Context, 'stdin'>): void {
  void loadSockets();
  void context.stdin;
}

/** @returns the exit code of the command */
export async function runExec(context: Context, client: Client, { name, command, cwd, from, timeoutSeconds }: Exec): Promise<number> {
  const { stdin, stdout, stderr, isTTY, env } = context;
  // With stdout in a file or a pipe a terminal would mix stderr into it, and turn its line ends.
  const terminal = isTTY.stdin && isTTY.stdout;
  using progress = createProgress(stderr, isTTY.stderr);
  using ending = new DisposableStack();
  const begun = Promise.withResolvers<void>();
  const late = ending.use(timeLimit(name, timeoutSeconds));
  const request: ExecFrameRequest = {
    type: 'request', command: [...command], ...(cwd === undefined ? {} : { cwd }), ...(from === undefined ? {} : { from }), ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(terminal ? { terminal: { term: env['TERM'] || 'xterm-256color', ...size(stdout as Tty) } } : {}),
  };
  const session = await openExec(client.socket, name, request, {
    output: (kind, bytes) => {
      const out = kind === 'stdout' ? stdout : stderr;
      if (out.write(bytes)) return true;
      out.once('drain', () => session.resume());
      return false;
    },
    started: (rung, passedOver) => {
      late[Symbol.dispose]();
      progress.clear();
      if (context.verbosity > 0) stderr.write(carriedBy(rung, passedOver));
      begun.resolve();
    },
    progress: (stage) => progress.stage(stage),
  }, context.signal);
  ending.defer(() => session.close());
  void begun.promise.then(() => {
    if (terminal) {
      ending.use(rawMode(stdin));
      ending.use(followSize(session, stdout as Tty));
    } else {
      ending.use(forwardSignals(session));
    }
    void sendStdin(stdin, session);
  });
  return codeOf(await Promise.race([session.outcome, late.expired]));
}

/** @returns what rejects once the time is up; never where there is no limit */
function timeLimit(name: string, limitSeconds: number | undefined): Disposable & { readonly expired: Promise<never> } {
  const { promise: expired, reject } = Promise.withResolvers<never>();
  expired.catch(() => {});
  const timer = limitSeconds === undefined ? undefined : setTimeout(() => reject(fail('timed-out', `timed out waiting for ${name}`, { hint: `how it stands: holdfast info ${name}` })), limitSeconds * 1000);
  return { expired, [Symbol.dispose]: () => clearTimeout(timer) };
}

function codeOf(outcome: ExecOutcome): number {
  if ('code' in outcome) return outcome.code;
  const name = outcome.signal.startsWith('SIG') ? outcome.signal : `SIG${outcome.signal}`;
  return SIGNALLED + ((constants.signals as Readonly<Record<string, number>>)[name] ?? 0);
}

async function sendStdin(stdin: Readable, session: ExecSession): Promise<void> {
  try {
    for await (const chunk of stdin) await session.stdin(chunk as Buffer);
  } catch { /* a stdin that cannot be read has ended: closed, or a directory */ }
  session.control({ type: 'eof' });
}

/** A TTY that is not a real one can say 0 by 0. */
function size({ columns, rows }: Tty): { cols: number; rows: number } {
  return { cols: columns || 80, rows: rows || 24 };
}

function followSize(session: ExecSession, tty: Tty): Disposable {
  const tell = () => session.control({ type: 'resize', ...size(tty) });
  process.on('SIGWINCH', tell);
  // It may have changed while the instance was starting.
  tell();
  return { [Symbol.dispose]: () => process.removeListener('SIGWINCH', tell) };
}

function forwardSignals(session: ExecSession): Disposable {
  const listeners = FORWARDED.map((signal) => [signal, () => session.control({ type: 'signal', name: signal.slice(3) })] as const);
  forwarding = true;
  for (const [signal, listener] of listeners) process.on(signal, listener);
  return {
    [Symbol.dispose]() {
      forwarding = false;
      for (const [signal, listener] of listeners) process.removeListener(signal, listener);
    },
  };
}

let forwarding = false;
/** While signals are the command's they do not interrupt the CLI. */
export const signalsAreForwarded = (): boolean => forwarding;
