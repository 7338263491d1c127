/** A word that is no command may be an alias: then its command is run, with what stands behind the word. */
import { findAlias } from '../../core/aliases.ts';
import type { Context } from '../command.ts';
import { mappedDirectory } from '../mounting.ts';
import { runExec } from '../terminal/run-exec.ts';
import { aliasPlaces, readAliases } from './alias-file.ts';

/** @returns the command's exit code, or undefined where the word is no alias */
export async function runAlias(context: Context, word: string, rest: readonly string[]): Promise<number | undefined> {
  const found = findAlias(await readAliases(await aliasPlaces(context.env)), word);
  if (!found) return undefined;
  // Options of the command need no --; who is used to giving it may.
  const args = rest[0] === '--' ? rest.slice(1) : rest;
  const client = await context.client();
  const { instance: name, command, workingDirectory } = found.alias;
  const cwd = workingDirectory === 'map' ? await mappedDirectory(client, name, context.signal) : undefined;
  return await runExec(context, client, { name, command: [command, ...args], cwd });
}
