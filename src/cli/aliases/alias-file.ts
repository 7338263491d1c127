/** The caller's aliases in their file. A change reads, decides and writes under a lock: two commands at once lose nothing. */
import { mkdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromAliasFile, NO_ALIASES, toAliasFile, type AliasBook } from '../../core/aliases.ts';
import { fail } from '../../core/errors.ts';
import { callersDirectory } from '../../client/callers-directory.ts';
import { toJson } from '../render/json.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Multipass's name for it. */
const FILE = 'multipass_aliases.json';
/** A change takes milliseconds. */
const LOCK_MS = 5_000;
const LOOK_MS = 20;

export interface AliasPlaces {
  readonly file: string;
  /** Of the scripts that run aliases by their name. */
  readonly bin: string;
}

export async function aliasPlaces(env: Env): Promise<AliasPlaces> {
  const directory = await callersDirectory('client', env);
  return { file: join(directory, FILE), bin: join(directory, 'bin') };
}

/** @throws bad-argument for a file that is no book of aliases */
export async function readAliases({ file }: Pick<AliasPlaces, 'file'>): Promise<AliasBook> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw fail('home-unusable', `the aliases in ${file} cannot be read: ${error.message}`);
  });
  return text === undefined ? NO_ALIASES : fromAliasFile(parse(text), file);
}

/** @param change  throws to leave everything as it is  @returns what is kept now  @throws home-unusable, instance-busy, bad-argument */
export async function changeAliases(places: Pick<AliasPlaces, 'file'>, change: (book: AliasBook) => AliasBook): Promise<AliasBook> {
  return await kept(places.file, () => changed(places, change));
}

/** @throws home-unusable where the file system does not keep what is written  @param path  what of */
export async function kept<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw fail('home-unusable', `the aliases cannot be kept in ${path}: ${error.message}`, { hint: 'see whose it is, and how much space is left', cause: error });
  }
}

async function changed({ file }: Pick<AliasPlaces, 'file'>, change: (book: AliasBook) => AliasBook): Promise<AliasBook> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await using _lock = await lock(`${file}.lock`);
  const before = await readAliases({ file });
  const after = change(before);
  if (after === before) return after;
  // Whole or not at all: a command may be reading it.
  const fresh = `${file}.new`;
  await writeFile(fresh, toJson(toAliasFile(after)), { mode: 0o600 });
  await rename(fresh, file);
  return after;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function lock(path: string): Promise<AsyncDisposable> {
  for (const until = Date.now() + LOCK_MS; ; await sleep(LOOK_MS)) {
    try {
      await mkdir(path);
      return { [Symbol.asyncDispose]: async () => await rmdir(path) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    // Its owner died over it.
    const age = Date.now() - await stat(path).then(({ mtimeMs }) => mtimeMs, () => Date.now());
    if (age > LOCK_MS) await rm(path, { recursive: true, force: true });
    else if (Date.now() > until) throw fail('instance-busy', `another command has been changing the aliases for ${LOCK_MS / 1000} s`, { hint: `if there is none, remove ${path}` });
  }
}
