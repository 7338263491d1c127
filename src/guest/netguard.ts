/**
 * Network changes as transactions, as the guest's own netguard carries them out: over the control lane, and so through any
 * change. The guest rolls back by itself when nobody confirms; what it does is in agent/files/netguard.py.
 */
import { fail } from '../core/errors.ts';
import { AGENT_DIR } from './agent/bundle.ts';
import { agentProgram } from './agent-calls.ts';
import { Refused } from './bounded-json.ts';
import { type GuestLook, parseLook } from './netguard-look.ts';
import { type NetguardApplied, type NetguardOutcome, type NetguardStatus, parseAnswer, parseApplied, parseOutcome, parseStatus } from './netguard-status.ts';
import { runCommand } from './run-command.ts';
import type { GuestShell } from './shell.ts';
import { printable } from './ssh/failure.ts';

export interface WishedFile {
  /** In /etc/netplan or /run/netplan. */
  readonly path: string;
  readonly text: string;
  /** 0600 and root's otherwise, as netplan wants it. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

export interface NetguardWish {
  /** a-z, 0-9 and -; never used before. */
  readonly id: string;
  /** From when the change is in effect. */
  readonly confirmWithinMs: number;
  readonly write: readonly WishedFile[];
  readonly setAside: readonly string[];
  /** `reload` touches only those links whose configuration changes; what it cannot do is done by `apply` (netplan apply). */
  readonly how: 'apply' | 'reload';
}

export interface Netguard {
  /** @throws exec-failed, too-slow, guest-unreachable, cancelled, as all of these */
  look(signal: AbortSignal): Promise<GuestLook>;
  /**
   * Resolves when the change is in effect, armed: from then on it waits for `commit`.
   * @throws net-refused  nothing was changed, or all is as before again; the message says why
   */
  begin(wish: NetguardWish, signal: AbortSignal): Promise<NetguardApplied>;
  /** How it ended: also `rolled-back`, when it was too late. @throws net-refused  the files were changed by somebody else; it stays armed */
  commit(id: string, signal: AbortSignal): Promise<NetguardOutcome>;
  /** How it ended: also `committed`, when that was decided before. */
  rollback(id: string, why: string, signal: AbortSignal): Promise<NetguardOutcome>;
  status(signal: AbortSignal): Promise<NetguardStatus>;
}

/** Emulated, netplan takes 3 s to look at its files and 11 s to apply them; a busy host makes that minutes. netguard ends its own programs after 120 and 180 s. */
const DEADLINES_MS = { look: 60_000, begin: 390_000, commit: 120_000, rollback: 300_000, status: 60_000 } as const;
const MOST_BYTES = 2 * 1024 * 1024;

/** @param shell  of the control lane (root)  @param dir  where Holdfast's programs are in the guest */
export function netguard(shell: GuestShell, dir: string = AGENT_DIR): Netguard {
  const ask = async <T>(what: keyof typeof DEADLINES_MS, wish: object | undefined, read: (answer: Readonly<Record<string, unknown>>) => T, signal: AbortSignal): Promise<T> => {
    const limits = { stdin: wish === undefined ? undefined : JSON.stringify(wish), maxBytes: MOST_BYTES, deadlineMs: DEADLINES_MS[what], signal };
    const { stdout, stderr } = await runCommand(shell, [...agentProgram(dir, 'netguard.py'), what], limits);
    const parsed = parseAnswer(stdout);
    if ('refused' in parsed) throw fail('net-refused', printable(parsed.refused, 1_500));
    const why = 'error' in parsed ? `${parsed.error}${stdout === '' ? `: ${printable(stderr.trim().split('\n').at(-1) ?? '')}` : ''}` : undefined;
    if (why !== undefined || !('answer' in parsed)) throw fail('exec-failed', `its netguard could not do ${what}: ${printable(why ?? '')}`);
    try {
      return read(parsed.answer);
    } catch (error) {
      if (error instanceof Refused) throw fail('exec-failed', `its netguard's answer to ${what} cannot be read: ${error.message}`, { cause: error });
      throw error;
    }
  };
  return {
    look: (signal) => ask('look', undefined, parseLook, signal),
    begin: ({ write, ...wish }, signal) => ask('begin', { ...wish, write: write.map(({ text, ...file }) => ({ ...file, content: Buffer.from(text).toString('base64') })) }, parseApplied, signal),
    commit: (id, signal) => ask('commit', { id }, parseOutcome, signal),
    rollback: (id, why, signal) => ask('rollback', { id, why }, parseOutcome, signal),
    status: (signal) => ask('status', undefined, parseStatus, signal),
  };
}
