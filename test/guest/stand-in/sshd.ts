/** A real sshd on this machine, started per connection with -i, with keys and configuration of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

const SSHD = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find((path) => existsSync(path));
/** Starting sshd for another user, or at all on some hosts, needs root. */
export const canRunSshd = SSHD !== undefined && process.getuid?.() === 0;

export interface StandInKeys {
  readonly hostPublic: string;
  readonly otherPublic: string;
  readonly clientPrivate: string;
}

export interface StandInSshd extends Disposable {
  readonly dir: string;
  readonly user: string;
  readonly keys: StandInKeys;
  spawn(): ChildProcess;
}

export function standInSshd(): StandInSshd {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-sshd-'));
  for (const name of ['host', 'other', 'client']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(dir, name)]);
  const read = (name: string): string => readFileSync(join(dir, name), 'utf8');
  writeFileSync(join(dir, 'authorized'), read('client.pub'), { mode: 0o600 });
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  writeFileSync(join(dir, 'config'), [
    `HostKey ${join(dir, 'host')}`, `AuthorizedKeysFile ${join(dir, 'authorized')}`, 'PermitRootLogin yes', 'StrictModes no', 'UsePAM no',
    'UseDNS no', 'MaxSessions 200', 'PidFile none', 'LogLevel ERROR', 'PrintMotd no', 'PrintLastLog no',
    // As if inside another shell: bash then leaves the rc file of whoever runs the tests alone.
    'SetEnv SHLVL=5',
  ].join('\n'));
  return {
    dir,
    user: userInfo().username,
    keys: { hostPublic: read('host.pub'), otherPublic: read('other.pub'), clientPrivate: read('client') },
    spawn: () => spawn(SSHD ?? 'sshd', ['-i', '-e', '-f', join(dir, 'config')], { stdio: ['pipe', 'pipe', 'ignore'] }),
    [Symbol.dispose]() { rmSync(dir, { recursive: true, force: true }); },
  };
}
