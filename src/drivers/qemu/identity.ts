/** Under whom QEMU runs. As root: an identity of its own per machine, so that one that breaks out owns nothing else. */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail } from '../../core/errors.ts';

const FIRST_UID = 1_900_000_000;
const UID_COUNT = 100_000_000;

/** `own`: one uid per machine (needs root); `daemon`: that of the daemon. */
export type IdentityPolicy = 'own' | 'daemon';

export function defaultIdentityPolicy(): IdentityPolicy {
  return process.getuid?.() === 0 ? 'own' : 'daemon';
}

/** @returns null under the policy `daemon` */
export function machineUid(id: string, policy: IdentityPolicy): number | null {
  return policy === 'own' ? FIRST_UID + (Number.parseInt(id, 16) % UID_COUNT) : null;
}

/** As machine-wide names are: printed into the machine's tables, compared at adoption. */
export function machineUuid(id: string): string {
  return `686f6c64-6661-8374-8000-0000${id.padStart(8, '0').slice(-8)}`;
}

/** As systemd takes it on a first boot under a hypervisor: the machine's own UUID. */
export function machineIdOf(id: string): string {
  return machineUuid(id).replaceAll('-', '');
}

/**
 * Every directory above must let the identity pass, and the file let it read. Its group is not counted on.
 * @throws no-rights  naming the first that does not
 */
export async function requireReachable(path: string, uid: number | null): Promise<void> {
  if (uid === null) return;
  await requirePassable(dirname(path), uid, path);
  if (!passes(await stat(path), uid, 0o4)) {
    throw fail('no-rights', `${path} may not be read by the unprivileged user that runs the machine`, { hint: `allow it: chmod o+r ${path}` });
  }
}

/** @throws no-rights  naming the first directory, from the inside out, that the identity cannot pass */
export async function requirePassable(directory: string, uid: number, needed = directory): Promise<void> {
  if (!passes(await stat(directory), uid, 0o1)) {
    throw fail('no-rights', `${directory} is closed to the unprivileged user that runs the machine, which needs ${needed}`, {
      hint: `open it (chmod o+x ${directory}) or choose another home, for example HOLDFAST_HOME=/var/lib/holdfast`,
    });
  }
  if (directory !== dirname(directory)) await requirePassable(dirname(directory), uid, needed);
}

function passes(found: { uid: number; mode: number }, uid: number, bit: number): boolean {
  return (found.mode & (found.uid === uid ? bit << 6 : bit)) !== 0;
}
