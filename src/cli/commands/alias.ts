import { addAlias, hasAlias, isFileName } from '../../core/aliases.ts';
import { asWord } from '../../core/program.ts';
import { aliasPlaces, changeAliases, kept } from '../aliases/alias-file.ts';
import { writeScript } from '../aliases/alias-scripts.ts';
import { defineCommand, isReserved, type Command } from '../command.ts';
import { UsageError } from '../failure.ts';
import { oneLine } from '../render/plain.ts';
import { instances } from '../targets.ts';

/** @param commands  the table that it is itself in */
export const aliasOf = (commands: () => readonly Command[]): Command => defineCommand({
  name: 'alias',
  group: 'Inside an instance',
  summary: 'Give a command in an instance a name of its own',
  usage: '<instance>:<command> [<alias>]',
  takes: [['<instance>:<command>', 'what is run, and where'], ['<alias>', 'the name for it; the command\'s own when absent']],
  args: [0, Infinity],
  options: {
    noMap: { flags: '-n, --no-map-working-directory', summary: 'do not run it in the mounted counterpart of the directory that it is called in' },
  },
  examples: [
    ['holdfast alias apollo:lscpu', 'from now on: holdfast lscpu'],
    ['holdfast alias apollo:/usr/bin/top atop', 'under another name'],
  ],
  notes: ['What is given behind an alias goes to its command. Each alias is also a script, in a directory that can be put into PATH.'],
  async run(context, { args: [definition, wished, ...more], options }) {
    if (definition === undefined || more.length > 0) throw new UsageError('Wrong number of arguments given', SEE_HELP);
    const { instance, command } = parseDefinition(definition);
    const name = wished ?? command.slice(command.lastIndexOf('/') + 1);
    if (!isFileName(name)) throw new UsageError('Alias has to be a valid filename', 'a name without slashes and blanks: holdfast alias <instance>:<command> <alias>');
    if (isReserved(name, commands(), context.calledAs)) throw new UsageError(`Alias name '${name}' clashes with a command name`, 'choose another name');
    const places = await aliasPlaces(context.env);
    const client = await context.client();
    if (!(await instances(client, context.signal)).some((each) => each.name === instance)) throw new UsageError(`Instance '${oneLine(instance)}' does not exist`, 'which ones do: holdfast list');
    await changeAliases(places, (book) => {
      if (hasAlias(book, name)) throw new UsageError(`Alias '${name}' already exists in current context`, `take it away first: holdfast unalias ${name}`);
      return addAlias(book, name, { instance, command, workingDirectory: options.noMap ? 'default' : 'map' });
    });
    const { calledAs, program, env } = context;
    const script = { name, program: [...program, ...(calledAs === 'holdfast' ? [] : [asWord(calledAs)])], home: env['HOLDFAST_HOME'] || undefined };
    await kept(places.bin, () => writeScript(places.bin, script));
    if (!(env['PATH'] ?? '').split(':').includes(places.bin)) context.stderr.write(`To call it as ${name} alone, put its directory into PATH: ${places.bin}\n`);
  },
});

const SEE_HELP = 'see: holdfast help alias';

/** @throws UsageError */
function parseDefinition(text: string): { readonly instance: string; readonly command: string } {
  const at = text.indexOf(':');
  if (at < 0 || at === text.length - 1) throw new UsageError('No command given', SEE_HELP);
  if (at === 0) throw new UsageError('No instance name given', SEE_HELP);
  return { instance: text.slice(0, at), command: text.slice(at + 1) };
}
