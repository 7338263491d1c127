/**
 * The keys of one instance, made before its seed: three that are shown to the guest, two that the guest shows to the
 * host. OpenSSH's own text forms throughout, so that sshd and ssh take them as they are.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from './write-whole.ts';
import { makeKeyPair, type KeyPair } from './ed25519.ts';

export interface InstanceKeys {
  /** Opens the control lane: root. */
  readonly control: KeyPair;
  /** Opens session and bulk lanes: the default user. */
  readonly session: KeyPair;
  /** Handed out for a user's own ssh: the default user, over `holdfast proxy` and nowhere else. */
  readonly proxy: KeyPair;
  /** Host key of the sshd behind the lanes. */
  readonly laneHost: KeyPair;
  /** Host key of the guest's own sshd, so that the second rung can be verified. */
  readonly guestHost: KeyPair;
}

const FILES: Readonly<Record<keyof InstanceKeys, string>> = {
  control: 'control', session: 'session', proxy: 'proxy', laneHost: 'lane-host', guestHost: 'guest-host',
};

/** Reads the keys in the directory and makes those that are missing: a second call gives the same keys. */
export async function ensureInstanceKeys(directory: string): Promise<InstanceKeys> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const pairs = await Promise.all((Object.keys(FILES) as (keyof InstanceKeys)[]).map(async (role) =>
    [role, await ensurePair(join(directory, FILES[role]), `holdfast-${FILES[role]}`)] as const));
  return Object.fromEntries(pairs) as Record<keyof InstanceKeys, KeyPair>;
}

/** The private file is written last: where it exists, the pair is whole. */
async function ensurePair(path: string, comment: string): Promise<KeyPair> {
  try {
    return { privateKey: await readFile(path, 'utf8'), publicKey: (await readFile(`${path}.pub`, 'utf8')).trim() };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const made = makeKeyPair(comment);
  await writeWhole(`${path}.pub`, `${made.publicKey}\n`);
  await writeWhole(path, made.privateKey);
  return made;
}
