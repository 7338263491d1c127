/** Runs a command in an instance: starts it when it was stopped or suspended on purpose, reaches it by the first rung that works. */
import type { ExecFrameRequest, ServerControl } from '../../api/exec-frames.ts';
import { fail } from '../../core/errors.ts';
import { inGuest } from '../../core/mounts/mount.ts';
import type { ExecSession, GuestShell } from '../../guest/shell.ts';
import type { House } from '../instances/house.ts';
import { readyMachine } from './ready-machine.ts';

/** Unless `--timeout` says otherwise. */
const REACH_SECONDS = { native: 15, emulated: 30 };
const MOUNTS_MS = 10_000;

export async function execIn(house: House, name: string, request: ExecFrameRequest, tell: (message: ServerControl) => void, signal: AbortSignal): Promise<ExecSession> {
  const deadline = (isEmulated: boolean): number => (request.timeoutSeconds ?? (isEmulated ? REACH_SECONDS.emulated : REACH_SECONDS.native)) * 1000;
  const { machine, startedAt, deadlineMs, leftMs: left } = await readyMachine(house, name, deadline, tell, signal);
  // The directory that it is to run in may be a mount that is still coming. A shell does not wait for it in a guest that is not held: none comes there, and the shell is what mends it.
  const isWorthIt = request.command.length > 0 || machine.guest.hold.level === 'held';
  const supervisor = house.registry.require(name);
  const cwd = request.cwd ?? (request.from === undefined ? undefined : inGuest(supervisor.record.instance.spec.mounts ?? [], request.from));
  if (cwd !== undefined && isWorthIt) await house.mounts.settled(supervisor, MOUNTS_MS, signal);
  const { shell, rung, passedOver } = await machine.guest.reach(request.bulk ? 'bulk' : 'session', { deadlineMs: left, signal });
  const session = await begin(shell, name, { ...request, cwd }, { startedAt, deadlineMs }, signal);
  tell({ type: 'started', rung, passedOver });
  return session;
}

type Begun = Pick<ExecFrameRequest, 'command' | 'bulk' | 'terminal'> & { readonly cwd: string | undefined };

/** The deadline is for all of it: a guest that fell silent after it was reached has no second one. */
async function begin(shell: GuestShell, name: string, request: Begun, { startedAt, deadlineMs }: { startedAt: number; deadlineMs: number }, signal: AbortSignal): Promise<ExecSession> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), Math.max(1000, deadlineMs - (performance.now() - startedAt)));
  try {
    return await shell.exec({
      command: request.command, builtins: !request.bulk,
      ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
      ...(request.terminal === undefined ? {} : { terminal: request.terminal }),
    }, AbortSignal.any([signal, over.signal]));
  } catch (error) {
    if (!over.signal.aborted || signal.aborted) throw error;
    throw fail('guest-unreachable', `${name} is running, but has not answered for ${Math.round(deadlineMs / 1000)} s`, {
      hint: `see: holdfast info ${name}; its console: holdfast logs ${name}`, cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}
