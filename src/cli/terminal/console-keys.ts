/** A person's keys for a console: all of them, but for the one that detaches. */
import type { StreamSession } from '../../client/stream-socket.ts';
import type { Context } from '../command.ts';
import { rawMode } from './raw-mode.ts';

export const DETACH_NAME = 'Ctrl-]';
const DETACH = 0x1d;

/** The terminal is raw until it is disposed of. */
export function attachTerminal(stdin: Context['stdin'], session: StreamSession, detach: () => void): Disposable {
  const ending = new DisposableStack();
  ending.use(rawMode(stdin));
  void sendUntilDetached(stdin, session).then(detach);
  return ending;
}

/** Resolves at the key, or when there are no more. */
async function sendUntilDetached(stdin: Context['stdin'], session: StreamSession): Promise<void> {
  try {
    for await (const chunk of stdin) {
      const keys = chunk as Buffer;
      const at = keys.indexOf(DETACH);
      await session.send(at < 0 ? keys : keys.subarray(0, at));
      if (at >= 0) return;
    }
  } catch { /* the terminal has gone */ }
}
