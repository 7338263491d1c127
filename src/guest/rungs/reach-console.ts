/** The last rung: a shell on the console, tried before it is handed out. */
import { ReachFailure } from '../ssh/failure.ts';
import type { ConsoleShell } from './console.ts';

/** @throws ReachFailure when no shell of that user's answers on it before the signal aborts */
export async function reachConsole(shell: ConsoleShell, signal: AbortSignal): Promise<ConsoleShell> {
  await using session = await shell.exec({ command: ['true'] }, signal);
  const stop = (): void => session.signal('SIGINT');
  signal.addEventListener('abort', stop, { once: true });
  const exit = await session.exit.catch((error: unknown) => {
    throw signal.aborted ? new ReachFailure('connect', 'no shell answered on it') : error;
  }).finally(() => signal.removeEventListener('abort', stop));
  if (!('code' in exit) || exit.code !== 0) throw new ReachFailure('login', `no shell for ${shell.user} on it`);
  return shell;
}
