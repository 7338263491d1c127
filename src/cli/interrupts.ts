/** Ctrl-C and SIGTERM: the first is answered with order, the second ends the process at once. */
import { constants } from 'node:os';
import { signalsAreForwarded } from './terminal/run-exec.ts';

export function watchInterrupts(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (signalsAreForwarded()) return;
      if (controller.signal.aborted) process.exit(128 + constants.signals[signal]);
      controller.abort();
    });
  }
  return controller.signal;
}
