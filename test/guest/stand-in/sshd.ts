/** A real sshd on this machine, started per connection with -i, with keys and configuration of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** Root's sshd insists on this one directory, which Debian makes at boot: the only thing outside our own that is made. */
const PRIVSEP_DIR = '/run/sshd';

/** As in a guest: src/guest/agent/files/sshd_session.conf. */
export const MAX_SESSIONS = 64;

export interface StandInKeys {
  readonly hostPublic: string;
  readonly otherPublic: string;
  readonly clientPrivate: string;
}

export interface StandInSshd extends Disposable {
  readonly dir: string;
  /** Empty: for what a test wants to be Holdfast's programs in the guest. */
  readonly agentDir: string;
  /** Whoever runs the tests: without root, sshd can serve nobody else. */
  readonly user: string;
  readonly keys: StandInKeys;
  spawn(): ChildProcess;
}

export function standInSshd(): StandInSshd {
  const sshd = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find((path) => existsSync(path));
  if (sshd === undefined) throw new Error('these tests need an sshd on this machine (it is started per connection, and listens nowhere): apt-get install openssh-server');
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-sshd-'));
  for (const name of ['host', 'other', 'client']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(dir, name)]);
  const read = (name: string): string => readFileSync(join(dir, name), 'utf8');
  writeFileSync(join(dir, 'authorized'), read('client.pub'), { mode: 0o600 });
  if (process.getuid?.() === 0) mkdirSync(PRIVSEP_DIR, { recursive: true, mode: 0o755 });
  const agentDir = join(dir, 'agent');
  mkdirSync(agentDir);
  writeFileSync(join(dir, 'config'), [
    `HostKey ${join(dir, 'host')}`, `AuthorizedKeysFile ${join(dir, 'authorized')}`, 'PermitRootLogin yes', 'StrictModes no', 'UsePAM no',
    'UseDNS no', `MaxSessions ${MAX_SESSIONS}`, 'PidFile none', 'LogLevel ERROR', 'PrintMotd no', 'PrintLastLog no',
    // As if inside another shell: bash then leaves the rc file of whoever runs the tests alone.
    'SetEnv SHLVL=5',
  ].join('\n'));
  return {
    dir,
    agentDir,
    user: userInfo().username,
    keys: { hostPublic: read('host.pub'), otherPublic: read('other.pub'), clientPrivate: read('client') },
    spawn: () => spawn(sshd, ['-i', '-e', '-f', join(dir, 'config')], { stdio: ['pipe', 'pipe', 'ignore'] }),
    [Symbol.dispose]() { rmSync(dir, { recursive: true, force: true }); },
  };
}
