/** A script for each alias, so that it is a command of its own for whoever has their directory in PATH. */
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shellQuote } from '../shell-quote.ts';

/** The second line of each: what is not ours is not touched. */
const MARK = '# An alias of Holdfast; written and removed by its commands.';

export interface AliasScript {
  readonly name: string;
  /** The words that start this program. */
  readonly program: readonly string[];
  /** HOLDFAST_HOME, where it decides which aliases there are. */
  readonly home: string | undefined;
}

export async function writeScript(bin: string, { name, program, home }: AliasScript): Promise<void> {
  await mkdir(bin, { recursive: true, mode: 0o700 });
  const path = join(bin, name);
  if (!await isOurs(path)) return;
  const words = [...(home === undefined ? [] : ['env', `HOLDFAST_HOME=${home}`]), ...program, name];
  await writeFile(path, `#!/bin/sh\n${MARK}\nexec ${words.map(shellQuote).join(' ')} "$@"\n`, { mode: 0o700 });
  await chmod(path, 0o700);
}

/** Those of aliases that are no more. */
export async function removeScripts(bin: string, names: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(bin).catch(() => [] as string[])) {
    if (!names.has(name) && await isOurs(join(bin, name))) await rm(join(bin, name), { force: true });
  }
}

/** Also what is not there. */
async function isOurs(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? MARK : ''));
  return text.includes(MARK);
}
