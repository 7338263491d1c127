/** The fake driver's part of a doctor's tables: a process for each machine, and nothing of the host. */
import { broken, nothing, well } from '../check.ts';
import type { Examiner, MachineSpec } from '../driver.ts';

interface Found {
  version(): Promise<string>;
  /** undefined: it has no process. */
  /** What it has now, as in ailments.ts. */
  ails(machine: MachineSpec): readonly string[];
  runs(machine: MachineSpec): Promise<{ readonly isHeldBySignal: boolean; readonly goOn: () => Promise<void> } | undefined>;
}

export function fakeExaminer({ version, ails, runs }: Found): Examiner {
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
      {
        id: 'monitor', layer: 'machine', title: 'its monitor', needs: ['process'], deadlineMs: 200,
        run: (signal) => (ails(machine).includes('monitor') ? new Promise((_resolve, reject) => { signal.addEventListener('abort', () => reject(signal.reason as Error)); }) : Promise.resolve(well('it answers'))),
      },
      {
        id: 'neighbour', layer: 'neighbour', title: 'neighbour and route on the host', deadlineMs: 1_000,
        run: () => Promise.resolve(ails(machine).includes('neighbour') ? broken('another card has its address', 'see: ip neighbour') : nothing('fake machines have no network')),
      },
    ],
  };
}
