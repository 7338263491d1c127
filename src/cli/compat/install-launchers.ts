/** Writes the launchers `multipass` and `multipassd`: scripts that call Holdfast by its own launchers, as whom they are called. */
import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fail } from '../../core/errors.ts';
import { NODE_FLAGS } from '../../core/node-flags.ts';
import { asWord, PROGRAMS } from '../../core/program.ts';
import { shellQuote } from '../shell-quote.ts';

export interface Launchers {
  /** Absolute words that start the client. */
  readonly program: readonly string[];
  /** The bundled daemon. */
  readonly daemonScript: string;
  /** Over what is somebody else's. */
  readonly force: boolean;
}

const MARK = '# Written by "holdfast compat install": Holdfast under the name of Multipass.';

/** Both or none are refused. @throws home-unusable  somebody else's file is there, or nothing can be written there */
export async function installLaunchers(directory: string, { program, daemonScript, force }: Launchers): Promise<{ readonly directory: string; readonly paths: readonly string[] }> {
  const place = resolve(directory);
  const { client, daemon } = PROGRAMS.multipass;
  const files = [[join(place, client), program], [join(place, daemon), await daemonWords(daemonScript)]] as const;
  try {
    await mkdir(place, { recursive: true });
    for (const [path] of files) if (!force) await requireOurs(path);
    for (const [path, words] of files) await writeLauncher(path, words);
  } catch (error) {
    if (!(error instanceof Error) || !('errno' in error)) throw error;
    throw fail('home-unusable', `the launchers cannot be written to ${place}: ${error.message}`, { hint: 'choose a directory that is yours', cause: error });
  }
  return { directory: place, paths: files.map(([path]) => path) };
}

/** The launcher that lies beside the bundle finds its Node by itself. */
async function daemonWords(script: string): Promise<readonly string[]> {
  const launcher = resolve(dirname(script), '../bin/holdfastd');
  return await stat(launcher).then(() => true, () => false) ? [launcher] : [process.execPath, ...NODE_FLAGS, resolve(script)];
}

async function requireOurs(path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return MARK;
    throw error;
  });
  if (!text.includes(MARK)) throw fail('home-unusable', `${path} is there already, and is not Holdfast's`, { hint: 'choose another directory, or write over it: --force' });
}

/** Whole or not at all: one of these may be running. */
async function writeLauncher(path: string, words: readonly string[]): Promise<void> {
  const fresh = `${path}.new`;
  await writeFile(fresh, `#!/bin/sh\n${MARK}\nexec ${[...words, asWord('multipass')].map(shellQuote).join(' ')} "$@"\n`);
  await chmod(fresh, 0o755);
  await rename(fresh, path);
}
