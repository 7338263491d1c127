/** The fake driver's part of a doctor's tables: a process for each machine, and nothing of the host. */
import { broken, nothing, well } from '../check.ts';
import type { Examiner, MachineSpec } from '../driver.ts';

interface Found {
  version(): Promise<string>;
  /** undefined: it has no process. */
  runs(machine: MachineSpec): Promise<{ readonly isHeldBySignal: boolean; readonly goOn: () => Promise<void> } | undefined>;
}

export function fakeExaminer({ version, runs }: Found): Examiner {
  return {
    host: () => [{ id: 'fake', layer: 'hypervisor', title: 'the fake driver', deadlineMs: 1_000, run: async () => well(`version ${await version()}`) }],
    machine: (machine) => [
      {
        id: 'process', layer: 'machine', title: 'its process', deadlineMs: 2_000,
        async run() {
          const found = await runs(machine);
          if (!found) return broken('it has none', `start it: holdfast start ${machine.name}`);
          if (!found.isHeldBySignal) return well('it runs');
          return broken('it was stopped by a signal (SIGSTOP)', 'let it go on: kill -CONT', { deadlineMs: 2_000, run: async () => {
            await found.goOn();
            return 'let it go on (SIGCONT)';
          } });
        },
      },
      { id: 'neighbour', layer: 'neighbour', title: 'neighbour and route on the host', deadlineMs: 1_000, run: () => Promise.resolve(nothing('fake machines have no network')) },
    ],
  };
}
