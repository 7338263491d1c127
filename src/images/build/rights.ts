/**
 * With whose rights an image is put together. Its files belong to root and other system users: root simply makes
 * them, a plain user does so in a user namespace, where the range in /etc/subuid stands for them.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { fail } from '../../core/errors.ts';

export interface Rights {
  readonly asRoot: boolean;
  readonly mmdebstrapMode: 'root' | 'unshare';
  /** The command as it must be run to see the image's owners as they are. */
  readonly wrap: (command: readonly string[]) => readonly string[];
  /** The same for what mounts and starts programs inside the new system: nothing of it outlives the daemon or the command. */
  readonly enclose: (command: readonly string[]) => readonly string[];
}

/** The kernel ends it when whoever started it dies. */
const DIES_WITH_US = ['setpriv', '--pdeathsig', 'KILL', '--'];

/**
 * Root's mounts in the new system (proc, sys, devices) are in a namespace of their own: when its first process ends, however
 * it ends, all others and the mounts are gone, and what is removed afterwards is files. In a chroot the root is no mount
 * that could be made private; its mounts are then as private as whoever made the chroot has left them.
 */
function enclosure(isPrivate: boolean): readonly string[] {
  const propagation = isPrivate ? [] : ['--propagation', 'unchanged'];
  return [...DIES_WITH_US, 'unshare', '--mount', ...propagation, '--pid', '--fork', '--kill-child', '--mount-proc', '--'];
}

async function canMakePrivate(): Promise<boolean> {
  return await promisify(execFile)('unshare', ['--mount', 'true']).then(() => true, () => false);
}

async function asRoot(): Promise<Rights> {
  const prefix = enclosure(await canMakePrivate());
  return { asRoot: true, mmdebstrapMode: 'root', wrap: (command) => command, enclose: (command) => [...prefix, ...command] };
}

const IN_NAMESPACE: Rights = {
  asRoot: false,
  mmdebstrapMode: 'unshare',
  wrap: (command) => ['unshare', '--user', '--map-root-user', '--map-auto', '--', ...command],
  // mmdebstrap makes its own namespaces in this mode.
  enclose: (command) => [...DIES_WITH_US, ...command],
};

export async function buildRights(uid: number, userName: string): Promise<Rights> {
  if (uid === 0) return await asRoot();
  for (const file of ['/etc/subuid', '/etc/subgid']) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (hasRange(text, uid, userName)) continue;
    throw fail('no-rights', `an image cannot be built by ${userName}: ${file} gives this user no range of ids`, {
      hint: `add one: sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${userName}`,
    });
  }
  return IN_NAMESPACE;
}

/** Lines of /etc/subuid: name or uid, first id, how many (subuid(5)). */
export function hasRange(text: string, uid: number, userName: string): boolean {
  return text.split('\n').some((line) => {
    const [who, , count] = line.split(':');
    return (who === userName || who === String(uid)) && Number(count) >= 65536;
  });
}
