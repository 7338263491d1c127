/** The manual page, drawn from the table of commands. Format: man(7), in the subset that every roff knows. */
import { VERSION } from '../core/version.ts';
import { GROUPS, type Command } from './command.ts';
import { GLOBAL_OPTIONS } from './help.ts';

export function manPage(commands: readonly Command[]): string {
  const groups = GROUPS.flatMap((group) => [`.SH ${text(group.toUpperCase())}`, ...commands.filter((command) => command.group === group).flatMap(about)]);
  return [
    `.TH HOLDFAST 1 "" "holdfast ${VERSION}"`,
    '.SH NAME', 'holdfast \\- launches and manages Linux virtual machines, and never loses hold of them',
    '.SH SYNOPSIS', '.B holdfast', text('<command> [<options>] [<arguments>]'),
    ...groups,
    '.SH OPTIONS OF EVERY COMMAND', ...GLOBAL_OPTIONS.flatMap(([flags, what]) => term(flags, what)),
    '.SH EXIT STATUS', text('0: done. 1: the command line was wrong. 2: the command failed. 3: the daemon failed. 5: a --timeout ran out. exec and shell end as the command inside did, or with 255 where the instance could not be reached.'),
    '.SH ENVIRONMENT', ...term('HOLDFAST_HOME', 'where instances, images and the daemon are kept'), ...term('HOLDFAST_OFFLINE', 'where it is set for the daemon, nobody on the web is asked what images are published'),
    '',
  ].join('\n');
}

function about({ name, aliases = [], summary, usage, options, examples, notes = [] }: Command): string[] {
  const own = Object.values(options).filter(({ hidden }) => !hidden);
  return [
    '.SS ' + text(`holdfast ${[name, ...(own.length > 0 ? ['[<options>]'] : []), ...(usage ? [usage] : [])].join(' ')}`),
    text(`${summary}.${aliases.length > 0 ? ` Also called: ${aliases.join(', ')}.` : ''}`),
    ...own.flatMap(({ flags, summary: what }) => term(flags, what)),
    ...notes.flatMap((note) => ['.PP', text(note)]),
    '.PP', 'Examples:',
    ...examples.flatMap(([line, what]) => term(line, what)),
  ];
}

function term(name: string, what: string): string[] {
  return ['.TP', `.B ${text(name)}`, text(what || '\u00a0')];
}

/** A line that began with a dot or a quote would be an order to roff; a bare - would come out as a hyphen that nobody can paste. */
function text(words: string): string {
  return words.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('\u00a0', '\\ ').replace(/^(?=[.'])/, '\\&');
}
