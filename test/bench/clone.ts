/** Clone and snapshot of a stopped instance whose disk holds something: nothing is to be copied. */
import type { TestHome } from '../real/home.ts';
import type { Row } from './row.ts';

const RUNS = 5;
const GIB = 2;

export async function benchClone(home: TestHome, tell: (row: Row) => void): Promise<void> {
  await home.must(['launch', '--name', 'full'], { timeoutMs: 1_800_000 });
  await home.must(['exec', 'full', '--', 'sudo', 'sh', '-c', `yes holdfast | head -c ${GIB}G >/var/full; sync`], { timeoutMs: 1_800_000 });
  await home.must(['stop', 'full'], { timeoutMs: 300_000 });
  const [clones, snapshots]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < RUNS; turn += 1) {
    clones.push((await home.must(['clone', 'full', '--name', `clone-${turn}`])).seconds);
    snapshots.push((await home.must(['snapshot', 'full', '--name', `shot-${turn}`])).seconds);
  }
  await home.must(['delete', '--purge', '--all'], { timeoutMs: 300_000 });
  tell({ what: `clone of a stopped instance with ${GIB} GiB used`, figures: clones, unit: 's', note: 'must be under 1' });
  tell({ what: 'snapshot of the same', figures: snapshots, unit: 's', note: 'must be under 1' });
}
