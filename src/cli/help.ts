/** The help pages, drawn from the table of commands. */
import { inTheNameOf, PROGRAMS, type ProgramName } from '../core/program.ts';
import { GROUPS, type Command } from './command.ts';

export const GLOBAL_OPTIONS = [
  ['-h, --help', 'show this help'],
  ['-v, --verbose', 'say more; up to -vvvv'],
] as const;

export function generalHelp(commands: readonly Command[], program: ProgramName = 'holdfast'): string {
  const groups = GROUPS.map((group) => section(group, commands.filter((command) => command.group === group).map(({ name, summary }) => [name, summary] as const)));
  return [
    `Usage: ${PROGRAMS[program].client} <command> [<options>] [<arguments>]\n\nLaunches and manages Linux virtual machines, and never loses hold of them.\n`,
    ...groups,
    section('Options', [...GLOBAL_OPTIONS, ['-V, --version', 'show the version'] as const]),
    `More on one command: ${PROGRAMS[program].client} help <command>\n`,
  ].join('\n');
}

export function commandHelp({ name, aliases = [], summary, usage, takes = [], options, examples, notes = [] }: Command, program: ProgramName = 'holdfast'): string {
  const own = Object.values(options).filter(({ hidden }) => !hidden).map((option) => [option.flags, option.summary] as const);
  return inTheNameOf(program, [
    `Usage: holdfast ${[name, ...(own.length > 0 ? ['[<options>]'] : []), ...(usage ? [usage] : [])].join(' ')}\n`,
    `${summary}.\n`,
    ...(aliases.length > 0 ? [`Also called: ${aliases.join(', ')}\n`] : []),
    ...(takes.length > 0 ? [section('Arguments', takes)] : []),
    section('Options', [...own, ...GLOBAL_OPTIONS]),
    section('Examples', examples),
    ...notes.map((note) => `${note}\n`),
  ].join('\n'));
}

function section(title: string, rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([term]) => term.length)) + 3;
  return `${title}:\n${rows.map(([term, what]) => `  ${term.padEnd(width)}${what}\n`).join('')}`;
}
