/** OpenSSH's own client over the bridge to the same guest: what Holdfast's lanes are measured against. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { waitFor, type TestHome } from '../real/home.ts';

const run = promisify(execFile);
/** Adds a key to those that may log in. */
const ALLOW = 'umask 077; mkdir -p ~/.ssh; cat >> ~/.ssh/authorized_keys';

export interface Peer {
  /** `user@address`, as ssh and scp take it. */
  readonly target: string;
  /** What both need before it. */
  readonly options: readonly string[];
}

/** Lets a key of its own in, and waits until the guest's own sshd takes it. */
export async function openPeer(home: TestHome, name: string): Promise<Peer> {
  await waitFor('its address', async () => (await home.info(name)).network === 'ok', 60_000);
  const [address = ''] = (await home.info(name)).ipv4;
  const key = join(home.directory, `${name}-key`);
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  await home.must(['exec', name, '--', 'sh', '-c', ALLOW], { input: await readFile(`${key}.pub`) });
  const user = (await home.must(['exec', name, '--', 'whoami'])).stdout.trim();
  const options = ['-q', '-i', key, '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'];
  const target = `${user}@${address}`;
  await waitFor('its own sshd', () => run('ssh', [...options, '-o', 'ConnectTimeout=5', target, 'true']).then(() => true, () => false), 60_000);
  return { target, options };
}
