/** Aliases go with their instances, when these are removed for good. */
import { aliasNames, forgetInstances } from '../../core/aliases.ts';
import type { Context } from '../command.ts';
import { aliasPlaces, changeAliases, readAliases } from './alias-file.ts';
import { removeScripts } from './alias-scripts.ts';

/** The instances are gone, whatever becomes of the aliases: what is wrong with those is told and is no failure. */
export async function forgetAliasesOf(gone: readonly string[], { env, stderr }: Pick<Context, 'env' | 'stderr'>): Promise<void> {
  if (gone.length === 0) return;
  try {
    const places = await aliasPlaces(env);
    const names = new Set(gone);
    const { contexts } = await readAliases(places);
    if (!Object.values(contexts).some((aliases) => Object.values(aliases).some(({ instance }) => names.has(instance)))) return;
    await removeScripts(places.bin, aliasNames(await changeAliases(places, (book) => forgetInstances(book, names))));
  } catch (error) {
    stderr.write(`aliases of ${gone.join(', ')} are left: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}
