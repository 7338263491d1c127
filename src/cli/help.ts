/** The help pages, drawn from the table of commands. */
import { GROUPS, type Command } from './command.ts';

export const GLOBAL_OPTIONS = [
  ['-h, --help', 'show this help'],
  ['-v, --verbose', 'say more; up to -vvvv'],
] as const;

export function generalHelp(commands: readonly Command[]): string {
  const groups = GROUPS.map((group) => section(group, commands.filter((command) => command.group === group).map(({ name, summary }) => [name, summary] as const)));
  return [
    'Usage: holdfast <command> [<options>] [<arguments>]\n\nLaunches and manages Linux virtual machines, and never loses hold of them.\n',
    ...groups,
    section('Options', [...GLOBAL_OPTIONS, ['-V, --version', 'show the version'] as const]),
    'More on one command: holdfast help <command>\n',
  ].join('\n');
}

export function commandHelp({ name, aliases = [], summary, usage, options, examples, notes = [] }: Command): string {
  const own = Object.values(options).filter(({ hidden }) => !hidden).map((option) => [option.flags, option.summary] as const);
  return [
    `Usage: holdfast ${[name, ...(own.length > 0 ? ['[<options>]'] : []), ...(usage ? [usage] : [])].join(' ')}\n`,
    `${summary}.\n`,
    ...(aliases.length > 0 ? [`Also called: ${aliases.join(', ')}\n`] : []),
    section('Options', [...own, ...GLOBAL_OPTIONS]),
    section('Examples', examples),
    ...notes.map((note) => `${note}\n`),
  ].join('\n');
}

function section(title: string, rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([term]) => term.length)) + 3;
  return `${title}:\n${rows.map(([term, what]) => `  ${term.padEnd(width)}${what}\n`).join('')}`;
}
