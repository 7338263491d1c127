/** Mounts as words of a command line, and asking the daemon for them: for `mount`, and for `launch --mount`. */
import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { WireMountWish } from '../api/schemas.ts';
import type { Client } from '../client/client.ts';
import { homeInUse } from '../client/home.ts';
import { parseIdPair, requireDistinctIds } from '../core/mounts/id-maps.ts';
import { mountsDisabled } from '../core/mounts/mount.ts';
import { fail, HoldfastError } from '../core/errors.ts';
import type { Context } from './command.ts';
import { UsageError } from './failure.ts';
import { runOperation, type OperationOptions } from './operations.ts';
import { oneLine } from './render/plain.ts';

const WHY: Readonly<Record<string, string>> = { ENOENT: 'does not exist', ENOTDIR: 'is not a directory', EACCES: 'is not readable' };

/** @returns the directory as the daemon is to be told: absolute, links resolved. @throws UsageError */
export async function requireSource(word: string): Promise<string> {
  try {
    const path = await realpath(resolve(word));
    if (!(await stat(path)).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
    await access(path, constants.R_OK | constants.X_OK);
    return path;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new UsageError(`Source path "${word}" ${WHY[code] ?? `cannot be used: ${message}`}`);
  }
}

/** @param word  `instance[:target]`, with nothing behind the colon as without it. A name has no colon. @throws UsageError */
export function splitPlace(word: string): { readonly instance: string; readonly target: string | undefined } {
  const at = word.indexOf(':');
  const instance = at < 0 ? word : word.slice(0, at);
  if (instance === '') throw new UsageError(`Invalid target given: ${word}`, 'it is <instance> or <instance>:<path>');
  return { instance, target: at < 0 ? undefined : word.slice(at + 1) || undefined };
}

/** @throws UsageError */
export function checkIdPairs(what: 'UID' | 'GID', words: readonly string[]): readonly string[] {
  const pairs = words.map((word) => {
    const pair = parseIdPair(word);
    if (!pair) throw new UsageError(`Invalid ${what} map given: ${word}`, 'it is <host id>:<instance id>, for example 1000:1000');
    return pair;
  });
  try {
    requireDistinctIds(pairs);
  } catch (error) {
    if (error instanceof HoldfastError) throw new UsageError(error.message, error.hint);
    throw error;
  }
  return words;
}

export async function askForMount(context: Context, client: Client, name: string, wish: WireMountWish, options: OperationOptions = {}): Promise<void> {
  await runOperation(context, client, () => client.call('mount', { params: { name }, body: wish }), options);
}

/** Before anything is made: what the daemon would refuse when all else is done. @throws no-rights */
export function requireMountsHere(env: Context['env']): void {
  if (!homeInUse(env).run.remote) return;
  throw fail('no-rights', 'a directory of this machine cannot be mounted in an instance of a daemon elsewhere', { hint: 'leave --mount out, and copy what is needed: holdfast transfer' });
}

/** The same, of what the daemon is set to. @throws not-supported */
export async function requireMountsAllowed(client: Client, signal: AbortSignal): Promise<void> {
  if ((await client.call('getSetting', { params: { key: 'local.privileged-mounts' } }, { signal })).value === 'false') throw mountsDisabled();
}

/** As Multipass tells it. */
export async function mountAtLaunch(context: Context, client: Client, name: string, wish: WireMountWish, options: OperationOptions): Promise<void> {
  await askForMount(context, client, name, wish, options);
  options.progress?.clear();
  context.stdout.write(`${oneLine(`Mounted '${wish.source}' into '${name}:${wish.target ?? basename(wish.source)}'`)}\n`);
}

/** @returns this process's directory, for the daemon to find in the instance's mounts; undefined where it has been removed meanwhile, or is none of the daemon's host */
export function callersDirectory(): string | undefined {
  // It may be called the same on a daemon's machine elsewhere.
  if (homeInUse().run.remote) return undefined;
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}
