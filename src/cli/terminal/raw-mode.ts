/** Puts the terminal into raw mode, and out of it however the process ends short of SIGKILL. */
import { constants } from 'node:os';
import type { Context } from '../command.ts';

const ENDING = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;

export function rawMode(stdin: Context['stdin']): Disposable {
  stdin.setRawMode?.(true);
  const restore = () => {
    // The terminal may have gone: nothing is left to restore then.
    try {
      stdin.setRawMode?.(false);
    } catch { /* gone */ }
  };
  process.once('exit', restore);
  // From outside, or since the terminal has gone: the keys of the terminal are the command's, as bytes. As with ssh it
  // is the connection's end that ends the command.
  const endings = ENDING.map((signal) => [signal, () => process.exit(128 + constants.signals[signal])] as const);
  for (const [signal, end] of endings) process.on(signal, end);
  return {
    [Symbol.dispose]() {
      process.removeListener('exit', restore);
      for (const [signal, end] of endings) process.removeListener(signal, end);
      restore();
    },
  };
}
