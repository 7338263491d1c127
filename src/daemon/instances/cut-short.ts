/** Ends a machine whose memory is being saved, where nobody wants that any longer. */
import type { OperationEngine } from '../operations/engine.ts';
import type { Occupation, Supervisor } from '../supervisor.ts';

const SAVES: readonly string[] = ['suspend', 'snapshot'];

/** A snapshot of what does not run takes no time. */
export function isSave({ kind }: Occupation, { machine }: Supervisor): boolean {
  return machine !== undefined && SAVES.includes(kind);
}

/** A QEMU that hangs has minutes for each thing that a save asks of it; of one that has ended, all of them fail at once. @throws machine-failed where it does not end */
export async function cutShort(engine: OperationEngine, supervisor: Supervisor, { operation }: Occupation, why: string): Promise<void> {
  supervisor.expectEnd();
  const over = engine.cancel(operation, why);
  try {
    await supervisor.machine?.kill();
  } catch (error) {
    // It did not go: when it is killed later, that is a crash.
    supervisor.expectNoEnd();
    throw error;
  }
  await over;
}
