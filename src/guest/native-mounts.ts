/** The guest's half of a native mount: a file system that its kernel finds on a device of the machine's. */
import { fail } from '../core/errors.ts';
import type { GuestShell } from './shell.ts';
import { lastLine, MAKE_TARGET, NO_DIRECTORY } from './mount-target.ts';
import { runCommand } from './run-command.ts';

const SHORT_MS = 60_000;
const MOST_BYTES = 16 * 1024;
const NO_FILESYSTEM = 90;

/** Constant text; what varies comes as $1 and on. What is made anew on the way to the target is the default user's, as with classic mounts. */
const MOUNT = `
findmnt -rn -t "$3" -S "$2" -M "$1" >/dev/null 2>&1 && exit 0
[ "$3" = 9p ] && modprobe -q 9pnet_virtio 2>/dev/null
modprobe -q "$3" 2>/dev/null || grep -qw "$3" /proc/filesystems || exit ${NO_FILESYSTEM}
uid=$(id -u "$4") && gid=$(id -g "$4") || exit 1
${MAKE_TARGET}
mount -t "$3" -o "$5" "$2" "$1"`;
/** Its files are gone for good: nobody is to wait for them who has not asked yet. Nothing is asked of it for that. */
const LET_GO = 'exec timeout 10 umount -l -i "$1"';

const OPTIONS = { virtiofs: 'nosuid,nodev', '9p': 'nosuid,nodev,trans=virtio,version=9p2000.L,msize=262144,access=any' } as const;

export interface NativeTarget {
  readonly target: string;
  readonly tag: string;
  readonly filesystem: keyof typeof OPTIONS;
}

/** Changes nothing where it is mounted already. @param root  a shell of the guest's root  @param user  its default one  @throws exec-failed, and what the guest cannot be reached with */
export async function mountNative(root: GuestShell, { target, tag, filesystem }: NativeTarget, user: string, signal: AbortSignal): Promise<void> {
  const { exit, stderr } = await runCommand(root, ['sh', '-c', MOUNT, 'holdfast-native', target, tag, filesystem, user, OPTIONS[filesystem]], { maxBytes: MOST_BYTES, deadlineMs: SHORT_MS, signal });
  const code = 'code' in exit ? exit.code : 1;
  if (code === 0) return;
  if (code === NO_FILESYSTEM) throw fail('exec-failed', `the guest's kernel has no ${filesystem}, which this native mount needs`, { hint: 'use an image whose kernel has it, or mount it without --type' });
  if (code === NO_DIRECTORY) throw fail('exec-failed', `${target} cannot be made in the guest, or is no directory there`, { hint: 'mount it somewhere else' });
  throw fail('exec-failed', `${target} could not be mounted in the guest: ${lastLine(stderr)}`);
}

export async function letGoOfNative(root: GuestShell, target: string, signal: AbortSignal): Promise<void> {
  await runCommand(root, ['sh', '-c', LET_GO, 'holdfast-let-go', target], { maxBytes: MOST_BYTES, deadlineMs: SHORT_MS, signal });
}
