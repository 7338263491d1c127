/** What the host asks of Holdfast's own program in the guest, over the control lane. */
import { fail } from '../core/errors.ts';
import type { AgentFiles } from './look/repair-agent.ts';
import { runCommand } from './run-command.ts';
import type { GuestShell } from './shell.ts';
import { printable, ReachFailure } from './ssh/failure.ts';

/** @param dir  where Holdfast's programs are in the guest */
export function agentProgram(dir: string, name: 'agent.py' | 'netguard.py' | 'report.py'): readonly string[] {
  // -I: nothing in a user's environment or directory changes what these programs import.
  return ['/usr/bin/python3', '-I', `${dir}/${name}`];
}

/** @throws ReachFailure `not-ready` while the guest has no user to log in as */
export async function sessionUser(shell: GuestShell, dir: string, fallback: string, deadlineMs: number, signal: AbortSignal): Promise<string> {
  const answer = await askAgent(shell, dir, 'session-user', deadlineMs, signal).catch(() => undefined);
  if (answer === undefined) return fallback;
  if (typeof answer['user'] === 'string' && /^[a-z_][a-z0-9_.-]{0,31}\$?$/i.test(answer['user'])) return answer['user'];
  const why = typeof answer['why'] === 'string' ? printable(answer['why']) : 'it did not say why';
  throw new ReachFailure('not-ready', `there is no user to log in as yet: ${why}`);
}

/** @returns the version that was there before, when another one was put in its place */
export async function renewAgent(shell: GuestShell, dir: string, agent: AgentFiles, deadlineMs: number, signal: AbortSignal): Promise<string | undefined> {
  const { version } = await askAgent(shell, dir, 'version', deadlineMs, signal);
  if (typeof version !== 'string' || !isOlder(version, agent.version)) return undefined;
  await askAgent(shell, dir, 'renew', deadlineMs * 3, signal, agent.bundleJson());
  return printable(version, 40);
}

/** Numbers between dots, compared as numbers; whatever is no such version counts as older than any. */
export function isOlder(there: string, ours: string): boolean {
  const parts = (version: string): number[] => (/^\d+(\.\d+)*$/.test(version) ? version.split('.').map(Number) : []);
  const [a, b] = [parts(there), parts(ours)];
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const difference = (a[i] ?? -1) - (b[i] ?? -1);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** @throws exec-failed with what the program in the guest said */
export async function askAgent(shell: GuestShell, dir: string, what: string, deadlineMs: number, signal: AbortSignal, stdin?: string): Promise<Record<string, unknown>> {
  const { exit, stdout, stderr } = await runCommand(shell, [...agentProgram(dir, 'agent.py'), what], { stdin, maxBytes: 64 * 1024, deadlineMs, signal });
  const answer = parsed(stdout);
  const complaint = typeof answer?.['error'] === 'string' ? answer['error'] : stderr;
  if (!('code' in exit) || exit.code !== 0) throw fail('exec-failed', `its agent could not do ${what}: ${printable(complaint)}`);
  if (answer === undefined) throw fail('exec-failed', `its agent gave no answer to ${what} that can be read`);
  return answer;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null ? { ...answer } : undefined;
  } catch {
    return undefined;
  }
}
