/** A word that is no command may be an alias: then its command is run, with what stands behind the word. */
import { findAlias, type Alias } from '../../core/aliases.ts';
import type { Context } from '../command.ts';
import { callersDirectory } from '../mounting.ts';
import { runExec } from '../terminal/run-exec.ts';
import { aliasPlaces, readAliases } from './alias-file.ts';

export async function lookUpAlias(env: Context['env'], word: string): Promise<Alias | undefined> {
  return findAlias(await readAliases(await aliasPlaces(env)), word)?.alias;
}

/** @returns the command's exit code */
export async function runAlias(context: Context, { instance: name, command, workingDirectory }: Alias, rest: readonly string[]): Promise<number> {
  // Options of the command need no --; who is used to giving it may.
  const args = rest[0] === '--' ? rest.slice(1) : rest;
  return await runExec(context, await context.client(), { name, command: [command, ...args], from: workingDirectory === 'map' ? callersDirectory() : undefined });
}
