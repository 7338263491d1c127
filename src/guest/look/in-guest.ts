/** Runs the looks and the mendings in a guest, over whichever rung was reached. */
import { fail } from '../../core/errors.ts';
import { runCommand } from '../run-command.ts';
import type { GuestShell } from '../shell.ts';
import { printable } from '../ssh/failure.ts';
import { LOOK_MAX_BYTES, parseLook, type Look } from './look.ts';
import { LOOK_SCRIPT } from './look-script.ts';
import { MEND_SCRIPTS, type Mend } from './mend-scripts.ts';

/** One program of it is waited for as many seconds as this goes into its whole time. */
const EACH_PART_MS = 4_000;
/** Package managers are talkative. */
const MEND_MAX_BYTES = 1024 * 1024;

/** @throws exec-failed, too-slow, guest-unreachable, cancelled */
export async function lookAround(shell: GuestShell, deadlineMs: number, signal: AbortSignal): Promise<Look> {
  const { stdout, stderr } = await runCommand(shell, ['sh', '-c', LOOK_SCRIPT, 'sh', String(Math.max(2, Math.floor(deadlineMs / EACH_PART_MS)))], { maxBytes: LOOK_MAX_BYTES, deadlineMs, signal });
  const look = parseLook(stdout);
  if (look === undefined) throw fail('exec-failed', `its shell gave no answer that can be read: ${printable(stderr || stdout) || 'it said nothing'}`);
  return look;
}

/** @returns what it says it did. @throws exec-failed with its last words, too-slow, guest-unreachable, cancelled */
export async function mend(shell: GuestShell, what: Mend, args: readonly string[], deadlineMs: number, signal: AbortSignal): Promise<string> {
  const { exit, stdout, stderr } = await runCommand(shell, ['sh', '-c', MEND_SCRIPTS[what], 'sh', ...args], { maxBytes: MEND_MAX_BYTES, deadlineMs, signal });
  const lastOf = (text: string): string => printable(text.split('\n').findLast((line) => line.trim() !== '') ?? '');
  if ('code' in exit && exit.code === 0) return lastOf(stdout) || 'done';
  throw fail('exec-failed', lastOf(stderr) || lastOf(stdout) || `it ended with ${'code' in exit ? `code ${exit.code}` : exit.signal}`);
}
