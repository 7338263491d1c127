import { isFileName, preferContext } from '../../core/aliases.ts';
import { aliasPlaces, changeAliases } from '../aliases/alias-file.ts';
import { defineCommand } from '../command.ts';
import { UsageError } from '../failure.ts';

export const prefer = defineCommand({
  name: 'prefer',
  group: 'Inside an instance',
  summary: 'Choose which context of aliases is active',
  usage: '<context>',
  takes: [['<context>', 'its name; made when there is none of it']],
  args: [1, 1],
  options: {},
  examples: [['holdfast prefer work', 'what is aliased from now on is in "work", and found there first']],
  notes: ['A context without aliases vanishes when another is chosen.'],
  async run({ env }, { args: [context = ''] }) {
    if (!isFileName(context)) throw new UsageError(`'${context}' cannot be the name of a context`, 'a name without slashes and blanks');
    await changeAliases(await aliasPlaces(env), (book) => preferContext(book, context));
  },
});
