/** Puts the terminal into raw mode, and out of it however the process ends short of SIGKILL. */
import type { Context } from '../command.ts';

export function rawMode(stdin: Context['stdin']): Disposable {
  stdin.setRawMode?.(true);
  const restore = () => {
    // The terminal may have gone: nothing is left to restore then.
    try {
      stdin.setRawMode?.(false);
    } catch { /* gone */ }
  };
  // Node's own signal exits and uncaught errors both come through here.
  process.once('exit', restore);
  return {
    [Symbol.dispose]() {
      process.removeListener('exit', restore);
      restore();
    },
  };
}
