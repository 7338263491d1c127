/** A small command with a small answer, for the daemon's own use. */
import type { Readable } from 'node:stream';
import { fail } from '../core/errors.ts';
import type { CommandResult, GuestShell } from './shell.ts';
import { orAbort, seconds, timeLimit } from './ssh/time-limit.ts';

export interface CommandLimits {
  readonly stdin?: string | Uint8Array | undefined;
  /** Of both outputs together. */
  readonly maxBytes: number;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** @throws too-slow, exec-failed (more output than allowed), guest-unreachable, cancelled */
export async function runCommand(shell: GuestShell, argv: readonly string[], limits: CommandLimits): Promise<CommandResult> {
  using limit = timeLimit(limits.deadlineMs, limits.signal);
  const name = argv[0] ?? 'the login shell';
  try {
    await using session = await shell.exec({ command: argv }, limit.signal);
    const budget = { left: limits.maxBytes };
    const output = Promise.all([collect(session.stdout, budget, name), collect(session.stderr, budget, name)]);
    // Without data nothing is written, so that rungs that cannot stream serve as well.
    if (limits.stdin === undefined) session.stdin.end();
    else session.stdin.end(limits.stdin);
    const [[stdout, stderr], exit] = await orAbort(Promise.all([output, session.exit]), limit.signal);
    return { exit, stdout, stderr };
  } catch (error) {
    if (limit.expired) throw fail('too-slow', `${name} did not end in the guest within ${seconds(limits.deadlineMs)}`, { cause: error });
    if (limits.signal.aborted) throw fail('cancelled', `${name} was cancelled`, { cause: error });
    throw error;
  }
}

async function collect(stream: Readable, budget: { left: number }, name: string): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stream as AsyncIterable<Buffer>) {
    budget.left -= piece.length;
    if (budget.left < 0) throw fail('exec-failed', `${name} in the guest said more than it may`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
