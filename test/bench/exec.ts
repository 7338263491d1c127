/** A command over a lane, against the same by OpenSSH over the bridge, on a connection that is already open. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestHome } from '../real/home.ts';
import { waitFor } from '../real/home.ts';
import { median, timed, type Row } from './row.ts';

const RUNS = 25;
const run = promisify(execFile);
/** Adds a key to those that may log in. */
const ALLOW = 'umask 077; mkdir -p ~/.ssh; cat >> ~/.ssh/authorized_keys';

export async function benchExec(home: TestHome, tell: (row: Row) => void): Promise<void> {
  await home.must(['launch', '--name', 'asked']);
  await waitFor('its address', async () => (await home.info('asked')).network === 'ok', 60_000);
  const [address = ''] = (await home.info('asked')).ipv4;
  const key = join(home.directory, 'bench-key');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  await home.must(['exec', 'asked', '--', 'sh', '-c', ALLOW], { input: await readFile(`${key}.pub`) });
  const user = (await home.must(['exec', 'asked', '--', 'whoami'])).stdout.trim();
  const ssh = ['-i', key, '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR', '-o', `ControlPath=${key}.sock`, `${user}@${address}`];
  await waitFor('its own sshd', () => run('ssh', ['-o', 'ControlMaster=yes', '-o', 'ControlPersist=600', '-o', 'ConnectTimeout=5', ...ssh, 'true']).then(() => true, () => false), 60_000);
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
