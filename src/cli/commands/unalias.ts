import { aliasNames, findExactly, removeActive, removeAlias } from '../../core/aliases.ts';
import { aliasPlaces, changeAliases } from '../aliases/alias-file.ts';
import { removeScripts } from '../aliases/alias-scripts.ts';
import { defineCommand } from '../command.ts';
import { UsageError } from '../failure.ts';
import { distinct, requireNamesOrAll } from '../targets.ts';

export const unalias = defineCommand({
  name: 'unalias',
  group: 'Inside an instance',
  summary: 'Take aliases away',
  usage: '<alias>...',
  takes: [['<alias>', 'as "holdfast aliases" shows it; <context>.<alias> for one of another context']],
  args: [0, Infinity],
  options: { all: { flags: '--all', summary: 'every alias of the active context' } },
  examples: [
    ['holdfast unalias lscpu', 'the command itself stays'],
    ['holdfast unalias work.lscpu', 'of the context work'],
  ],
  async run({ env }, { args, options }) {
    requireNamesOrAll(args, options.all, 'unalias');
    const places = await aliasPlaces(env);
    const left = await changeAliases(places, (book) => {
      if (options.all) return removeActive(book);
      const missing = distinct(args).filter((word) => findExactly(book, word) === undefined);
      if (missing.length > 0) throw new UsageError(missing.map((word) => `Nonexistent alias: ${word}`).join('\n'), 'which there are: holdfast aliases');
      return distinct(args).reduce((now, word) => {
        const found = findExactly(now, word);
        return found === undefined ? now : removeAlias(now, found);
      }, book);
    });
    await removeScripts(places.bin, aliasNames(left));
  },
});
