/**
 * The files that an ssh configuration points to: for each instance its key, and who answers there. They lie in a
 * directory of the caller's, also where the daemon is another user's: ssh reads no key that others could.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WireSshAccess } from '../api/schemas.ts';
import { ownHome } from '../client/home.ts';
import { fail } from '../core/errors.ts';
import { hostKeyAlias, type SshFiles } from './render/ssh-config.ts';

const FILE = /^(.+)\.(?:key|host)$/;

/**
 * In Holdfast's home when that is the caller's own, else in the one that would be.
 * @param remote  address of the daemon where it is on another machine: a directory for each, since names are its own
 * @throws home-unusable
 */
export async function keysDirectory(home: string, env: Readonly<Record<string, string | undefined>>, remote?: string): Promise<string> {
  const uid = process.getuid?.();
  const own = remote === undefined && (await stat(home)).uid === uid;
  const directory = own ? join(home, 'ssh') : join(ownHome({ ...env, HOLDFAST_HOME: undefined }).home, 'ssh-of', createHash('sha256').update(remote ?? home).digest('hex').slice(0, 16));
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const found = await lstat(directory);
  if (!found.isDirectory() || found.uid !== uid) {
    throw fail('home-unusable', `${directory} is no directory of yours, so no key can be kept in it`, { hint: 'move it away and try again' });
  }
  await chmod(directory, 0o700);
  return directory;
}

export async function keepSshFiles(directory: string, { id, name, privateKey, hostKey }: WireSshAccess): Promise<SshFiles> {
  const files = { key: join(directory, `${name}.key`), host: join(directory, `${name}.host`) };
  await keep(files.key, privateKey);
  await keep(files.host, `${hostKeyAlias(id)} ${hostKey}\n`);
  return files;
}

/** Of instances that are no more. */
export async function forgetOthers(directory: string, names: readonly string[]): Promise<void> {
  for (const file of await readdir(directory)) {
    const name = FILE.exec(file)?.[1];
    if (name !== undefined && !names.includes(name)) await rm(join(directory, file), { force: true });
  }
}

/** Whole or not at all: an ssh may be reading it. */
async function keep(path: string, content: string): Promise<void> {
  if (await readFile(path, 'utf8').catch(() => undefined) === content) return await chmod(path, 0o600);
  const fresh = `${path}.${randomBytes(4).toString('hex')}`;
  await writeFile(fresh, content, { mode: 0o600, flag: 'wx' });
  await rename(fresh, path);
}
