/** A command over a lane, against the same by OpenSSH over the bridge, on a connection that is already open. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestHome } from '../real/home.ts';
import { openPeer } from './peer.ts';
import { median, timed, type Row } from './row.ts';

const RUNS = 25;
const run = promisify(execFile);

export async function benchExec(home: TestHome, tell: (row: Row) => void): Promise<void> {
  await home.must(['launch', '--name', 'asked']);
  const { target, options } = await openPeer(home, 'asked');
  const ssh = [...options, '-o', `ControlPath=${join(home.directory, 'asked.sock')}`, target];
  await run('ssh', ['-o', 'ControlMaster=yes', '-o', 'ControlPersist=600', ...ssh, 'true']);
  const [ours, peer]: [number[], number[]] = [[], []];
  try {
    for (let turn = 0; turn < RUNS; turn += 1) {
      peer.push(await timed(() => run('ssh', [...ssh, 'true'])));
      ours.push((await home.must(['exec', 'asked', '--', 'true'])).seconds);
    }
  } finally {
    await run('ssh', ['-O', 'exit', ...ssh]);
  }
  await home.must(['delete', '--purge', 'asked']);
  tell({ what: 'true by ssh with a ready ControlMaster, over the bridge', figures: peer, unit: 's', note: 'the peer of the next line' });
  tell({ what: 'exec of true', figures: ours, unit: 's', note: `${((median(ours) - median(peer)) * 1000).toFixed(0)} ms more, ${(median(ours) / median(peer)).toFixed(2)} times its peer` });
}
