/** Suspends an instance: its memory goes into a file, and its next start takes it up again. */
import { fail } from '../../core/errors.ts';
import { refuseWithNative } from '../../core/mounts/native.ts';
import type { Result, Task } from '../operations/engine.ts';
import type { Supervisor } from '../supervisor.ts';
import type { House } from './house.ts';

export const SUSPEND_STEPS = ['save', 'settle'] as const;

export async function suspend(house: House, supervisor: Supervisor, task: Task): Promise<Result> {
  const { driver } = house;
  if (!driver.suspend) throw fail('not-supported', `the driver ${driver.name} cannot suspend`);
  task.step('save');
  task.progress(`Suspending ${supervisor.name}`);
  // A daemon that died after saving finds it suspended already.
  if (supervisor.observed !== 'Suspended') {
    const { machine } = supervisor;
    if (!machine) throw notSaved(supervisor);
    refuseWithNative('suspended', supervisor.name, supervisor.record.instance.spec);
    supervisor.settle('Suspending');
    // Of the guest only: a machine that dies over it has crashed.
    machine.guest.expectEnd();
    try {
      await driver.suspend(supervisor.machineSpec, task);
    } catch (error) {
      // What has ended meanwhile is what its end made of it.
      if (machine.end === undefined) {
        machine.guest.wake();
        supervisor.settle('Running');
      } else {
        // By whoever called this off.
        task.signal.throwIfAborted();
      }
      throw error;
    }
    // Its end is still to be told, and would be taken for one of a machine that runs.
    await supervisor.detach();
  }
  // Also where it was called off: what is saved is saved.
  supervisor.want({ running: false });
  supervisor.settle('Suspended');
  task.step('settle');
  return {};
}

/** It ended before: there is nothing to take up again. */
function notSaved({ name, state, reason }: Supervisor): Error {
  return fail('machine-failed', `${name} was not suspended: its machine ended before its memory was saved`, {
    hint: `it is ${state}${reason === null ? '' : ` (${reason})`}; start it: holdfast start ${name}`,
  });
}
