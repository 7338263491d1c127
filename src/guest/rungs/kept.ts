/** A rung over a kept connection: an open one that was quiet is asked first, so that nobody is given a dead one. */
import type { ConnectionKeeper, KeptShell } from '../lane.ts';

const QUIET_MS = 1_000;

export async function reachKept(keeper: ConnectionKeeper, signal: AbortSignal): Promise<KeptShell> {
  const shell = await keeper.shell(signal);
  if (shell.silentMs > QUIET_MS) await shell.ping(signal, { ahead: true });
  return shell;
}
