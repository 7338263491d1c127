/** Reading through a classic mount, against sshfs by hand over the guest's address: the same sshfs, OpenSSH's server of files. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { waitFor, type TestHome } from '../real/home.ts';
import { openPeer, type Peer } from './peer.ts';
import { ratio, type Row } from './row.ts';

const RUNS = 5;
const MIB = 64;
const SFTP_SERVER = '/usr/lib/openssh/sftp-server';
const BY_HAND = '/mnt/by-hand';

export async function benchMounts(home: TestHome, tell: (row: Row) => void): Promise<void> {
  // A whole boot: a fork's small translation buffer would measure the emulator.
  await home.must(['launch', '--cold', '--name', 'mounted'], { timeoutMs: 1_800_000 });
  const peer = await openPeer(home, 'mounted');
  const source = join(home.directory, 'mounted-files');
  await mkdir(source);
  await writeFile(join(source, 'big'), randomBytes(MIB * 1024 * 1024));
  await home.must(['mount', source, 'mounted:/mnt/ours']);
  const [ours, theirs]: [number[], number[]] = [[], []];
  const leave = await mountByHand(home, peer, source);
  try {
    for (let turn = 0; turn < RUNS; turn += 1) {
      theirs.push(await read(home, BY_HAND));
      ours.push(await read(home, '/mnt/ours'));
    }
  } finally {
    await leave();
  }
  await home.must(['delete', '--purge', 'mounted']);
  tell({ what: `${MIB} MiB read through sshfs by hand, over the bridge`, figures: theirs, unit: 's', note: 'the peer of the next line; as the guest measures it' });
  tell({ what: `${MIB} MiB read through a classic mount`, figures: ours, unit: 's', note: ratio(ours, theirs) });
}

/** sshfs in passive mode talks to a server of files on this side, through ssh's own streams. @returns what ends it */
async function mountByHand(home: TestHome, { options, target }: Peer, source: string): Promise<() => Promise<void>> {
  const ssh = spawn('ssh', [...options, target, `sudo mkdir -p ${BY_HAND} && exec sudo sshfs -f -o passive,allow_other,default_permissions :${source} ${BY_HAND}`], { stdio: ['pipe', 'pipe', 'inherit'] });
  const server = spawn(SFTP_SERVER, ['-R'], { stdio: ['pipe', 'pipe', 'inherit'] });
  ssh.stdout.pipe(server.stdin);
  server.stdout.pipe(ssh.stdin);
  for (const stream of [server.stdin, ssh.stdin]) stream.on('error', () => {});
  await waitFor('sshfs by hand', async () => (await home.run(['exec', 'mounted', '--', 'test', '-e', `${BY_HAND}/big`])).code === 0, 60_000);
  return async () => {
    const ended = [once(ssh, 'exit'), once(server, 'exit')];
    await home.must(['exec', 'mounted', '--', 'sudo', 'umount', BY_HAND]);
    ssh.kill();
    server.kill();
    await Promise.all(ended);
  };
}

/** Seconds by the guest's clock, with nothing of the file in its memory before. */
async function read(home: TestHome, directory: string): Promise<number> {
  const { stdout } = await home.must(['exec', 'mounted', '--', 'sudo', 'sh', '-c', `echo 3 >/proc/sys/vm/drop_caches; exec dd if=${directory}/big of=/dev/null bs=1M 2>&1`], { timeoutMs: 600_000 });
  const seconds = /copied, ([\d.]+) s/.exec(stdout)?.[1];
  if (seconds === undefined) throw new Error(`dd said: ${stdout}`);
  return Number(seconds);
}
