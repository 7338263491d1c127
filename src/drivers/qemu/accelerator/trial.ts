/** The trial of an accelerator: opening it proves nothing, only a kernel that shows itself does. */
import { fail } from '../../../core/errors.ts';
import type { MachineEnd, MachineEvents } from '../../driver.ts';

/** Where it works, a kernel writes its first line 2-3 s after the start; a firmware that waits for a disk is slower. */
export const TRIAL_DEADLINE_MS = 30_000;

export interface Defendant {
  readonly signOfLife: Promise<string>;
  on(listener: Partial<MachineEvents>): () => void;
}

/** @throws machine-failed  it ended, or showed no kernel in time; cancelled */
export async function awaitLife(machine: Defendant, accelerator: string, signal: AbortSignal, deadlineMs = TRIAL_DEADLINE_MS): Promise<void> {
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  const timer = setTimeout(() => failure.reject(fail('machine-failed', `no kernel showed itself within ${deadlineMs / 1000} s`)), deadlineMs);
  const onAbort = () => failure.reject(fail('cancelled', `the trial of ${accelerator} was cancelled`, { cause: signal.reason }));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const stop = machine.on({ ended: (end) => failure.reject(fail('machine-failed', describe(end))) });
  try {
    await Promise.race([machine.signOfLife, failure.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    stop();
  }
}

function describe(end: MachineEnd): string {
  return 'reason' in end ? end.reason : 'the machine ended at once';
}
