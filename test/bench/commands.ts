/** The command line's own start, against that of the runtime it is written for. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CHECKOUT } from '../real/home.ts';
import { median, timed, type Row } from './row.ts';

const RUNS = 15;
const run = promisify(execFile);

export async function benchCommands(tell: (row: Row) => void): Promise<void> {
  const ours: number[] = [];
  const peer: number[] = [];
  // In turns, so that what else the machine does meets both.
  for (let turn = 0; turn < RUNS; turn += 1) {
    peer.push(await timed(() => run(process.execPath, ['-e', '0'])));
    ours.push(await timed(() => run(join(CHECKOUT, 'bin/holdfast'), ['version'], { env: { ...process.env, HOLDFAST_HOME: '/var/tmp/hf-none' } })));
  }
  tell({ what: 'node -e 0', figures: peer, unit: 's', note: 'the peer of the next line' });
  tell({ what: 'holdfast version, without a daemon', figures: ours, unit: 's', note: `${(median(ours) / median(peer)).toFixed(2)} times its peer` });
}
