/** The guest's half of a mount: sshfs, whose server is not a host it connects to but its own standard input and output. */
import { fail } from '../core/errors.ts';
import type { ExecSession, GuestShell } from './shell.ts';
import { lastLine, MAKE_TARGET, NO_DIRECTORY } from './mount-target.ts';
import { runCommand } from './run-command.ts';
import { sudoCommand } from './rungs/sudo.ts';

const SHORT_MS = 60_000;
const INSTALL_MS = 600_000;
const MOST_BYTES = 16 * 1024;
const MISSING = 90;
/** Whether $1 is a directory like those beside it, whatever the table of mounts has of its path: something is mounted over what was mounted there. */
const HIDDEN = 'here=$(stat -c %d "$1" 2>/dev/null) && [ "$here" = "$(stat -c %d "$1/.." 2>/dev/null)" ]';

/**
 * Constant text; what varies comes as $1 and on. What an earlier sshfs left goes: a lane that broke leaves a dead mount. What is
 * made anew on the way to the target is the default user's.
 */
const PREPARE = `
while findmnt -rn -t fuse.sshfs -M "$1" >/dev/null 2>&1; do umount -l "$1" || { ${HIDDEN} || exit 1; break; }; done
command -v sshfs >/dev/null 2>&1 || exit ${MISSING}
uid=$(id -u "$2") && gid=$(id -g "$2") || exit 1
${MAKE_TARGET}
sshfs -h 2>&1 | grep -q no_contain_symlinks && links=refused || links=taken
echo "$uid $gid $links"`;
const INSTALL = `
said=$({ if command -v apt-get; then export DEBIAN_FRONTEND=noninteractive; apt-get -q update && apt-get -qy --no-install-recommends install sshfs
elif command -v dnf; then dnf -qy install fuse-sshfs
elif command -v zypper; then zypper -nq install sshfs
elif command -v pacman; then pacman -S --noconfirm sshfs
elif command -v apk; then apk add sshfs
else echo no known package manager; false; fi; } 2>&1 </dev/null) || { printf %s "$said" | tail -n 1 >&2; exit 1; }`;
const WAIT = `left=150; until findmnt -rn -t fuse.sshfs -M "$1" >/dev/null 2>&1 && ! { ${HIDDEN}; }; do left=$((left - 1)); [ $left -gt 0 ] || exit 1; sleep 0.2; done`;
/** Files that are still open there do not keep it; a dead one may lie below it. One that something else hides cannot be reached, and is in nobody's way. */
const UNMOUNT = `while findmnt -rn -t fuse.sshfs -M "$1" >/dev/null 2>&1; do umount "$1" 2>/dev/null || umount -l "$1" || { ${HIDDEN} || exit 1; break; }; done`;

/** Every version of sshfs knows passive mode by this older name. What the host changes is seen after so many seconds. */
const OPTIONS = 'slave,allow_other,default_permissions,nosuid,nodev,dcache_timeout=3';

export interface Prepared {
  /** Of the default user. */
  readonly uid: number;
  readonly gid: number;
  /** Later versions of sshfs take no links that are absolute or have .. in them, unless they are told to. */
  readonly refusesLinks: boolean;
}

/**
 * Makes the target and clears it of a dead mount.
 * @param root  a shell of the guest's root
 * @returns what the mount needs to know; undefined where the guest has no sshfs
 * @throws exec-failed  and what the guest cannot be reached with
 */
export async function prepareTarget(root: GuestShell, target: string, user: string, signal: AbortSignal): Promise<Prepared | undefined> {
  const { exit, stdout, stderr } = await runCommand(root, ['sh', '-c', PREPARE, 'holdfast-prepare', target, user], { maxBytes: MOST_BYTES, deadlineMs: SHORT_MS, signal });
  const code = 'code' in exit ? exit.code : 1;
  if (code === MISSING) return undefined;
  if (code === NO_DIRECTORY) throw fail('exec-failed', `${target} cannot be made in the guest, or is no directory there`, { hint: 'mount it somewhere else' });
  const found = /^(\d{1,10}) (\d{1,10}) (refused|taken)\n$/.exec(stdout);
  if (code !== 0 || !found) throw fail('exec-failed', `${target} could not be prepared in the guest: ${lastLine(stderr)}`);
  return { uid: Number(found[1]), gid: Number(found[2]), refusesLinks: found[3] === 'refused' };
}

/** With the guest's package manager, by the guest's network. @throws exec-failed */
export async function installSshfs(root: GuestShell, name: string, signal: AbortSignal): Promise<void> {
  const { exit, stderr } = await runCommand(root, ['sh', '-c', INSTALL, 'holdfast-install'], { maxBytes: MOST_BYTES, deadlineMs: INSTALL_MS, signal });
  if ('code' in exit && exit.code === 0) return;
  throw fail('exec-failed', `${name} has no sshfs, which mounts need, and it could not be installed: ${lastLine(stderr)}`, {
    hint: `install the package there (sshfs; in Fedora fuse-sshfs), then mount again: holdfast exec ${name} -- sudo apt-get install sshfs`,
  });
}

/** @param shell  of the default user, by which it becomes root: the lane for much is his. @returns sshfs, which runs until it is unmounted */
export async function beginMount(shell: GuestShell, target: string, { refusesLinks }: Prepared, signal: AbortSignal): Promise<ExecSession> {
  const command = ['sshfs', '-f', '-o', refusesLinks ? `${OPTIONS},no_contain_symlinks` : OPTIONS, ':/', target];
  return await shell.exec(shell.user === 'root' ? { command } : sudoCommand({ command }), signal);
}

/** @throws exec-failed  it has not come */
export async function untilMounted(root: GuestShell, target: string, signal: AbortSignal): Promise<void> {
  const { exit } = await runCommand(root, ['sh', '-c', WAIT, 'holdfast-wait', target], { maxBytes: MOST_BYTES, deadlineMs: SHORT_MS, signal });
  if (!('code' in exit) || exit.code !== 0) throw fail('exec-failed', `sshfs in the guest has not mounted ${target}`);
}

export async function unmountTarget(root: GuestShell, target: string, signal: AbortSignal): Promise<void> {
  const { exit, stderr } = await runCommand(root, ['sh', '-c', UNMOUNT, 'holdfast-umount', target], { maxBytes: MOST_BYTES, deadlineMs: SHORT_MS, signal });
  if (!('code' in exit) || exit.code !== 0) throw fail('exec-failed', `${target} could not be unmounted in the guest: ${lastLine(stderr)}`);
}
