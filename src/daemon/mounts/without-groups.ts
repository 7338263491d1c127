/** What serves a native mount of another person's has his id and his first group, and none of his further groups. */
import { fail } from '../../core/errors.ts';
import type { Mount } from '../../core/mounts/mount.ts';
import { run } from '../../host/process/run.ts';

const CHECK_MS = 10_000;

/** Nothing to see to where the daemon is his own. @throws bad-argument */
export async function requireWithoutGroups({ source, person: { uid, gid } }: Pick<Mount, 'source' | 'person'>): Promise<void> {
  if (process.getuid?.() !== 0) return;
  try {
    // Node gives up all groups where it starts a program as somebody else.
    await run({ tool: 'test', args: ['-r', source, '-a', '-x', source], package: 'coreutils', deadlineMs: CHECK_MS, env: { PATH: '/usr/bin:/bin' }, cwd: '/', uid, gid });
  } catch (error) {
    throw fail('bad-argument', `Source path "${source}" is readable by you by a further group only, which native mounts do not have`, { hint: 'leave --type out: a classic mount has all your groups', cause: error });
  }
}
