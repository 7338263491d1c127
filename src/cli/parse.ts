/** Reads a command's own arguments, through commander, into what its handler takes. */
import { Command as Parser, CommanderError, Option } from 'commander';
import type { Command, Given, OptionSpecs } from './command.ts';
import { UsageError } from './failure.ts';

export interface Parsed extends Given<OptionSpecs> {
  readonly help: boolean;
  readonly verbosity: number;
}

/** @param words  behind the command's name  @throws UsageError */
export function parseWords(command: Command, words: readonly string[]): Parsed {
  const parser = new Parser(command.name).exitOverride().helpOption(false).allowExcessArguments()
    .configureOutput({ writeErr: () => {}, writeOut: () => {} }).argument('[args...]');
  const known = Object.entries(command.options).map(([key, { flags, repeatable }]) => [key, optionOf(flags, repeatable)] as const);
  for (const [, option] of known) parser.addOption(option);
  let verbosity = 0;
  parser.addOption(new Option('-v, --verbose')).addOption(new Option('-h, --help'));
  parser.on('option:verbose', () => { verbosity += 1; });
  try {
    parser.parse(words, { from: 'user' });
  } catch (error) {
    throw error instanceof CommanderError ? new UsageError(capital(error.message.replace(/^error: /, '')), hintFor(command, error)) : error;
  }
  const values = parser.opts<Readonly<Record<string, unknown>>>();
  const options = Object.fromEntries(known.map(([key, option]) => {
    const value = values[option.attributeName()];
    // Commander has `--no-x` as an x that is true until it is given.
    return [key, option.negate ? value === false : option.required ? value : value === true];
  })) as Parsed['options'];
  const help = values['help'] === true;
  if (!help) requireCount(command, parser.args);
  return { args: parser.args, options, help, verbosity };
}

function optionOf(flags: string, repeatable = false): Option {
  const option = new Option(flags);
  return repeatable ? option.argParser((value: string, before: readonly string[]) => [...before, value]).default([]) : option;
}

/** @throws UsageError */
function requireCount({ name, args: [least, most] }: Command, args: readonly string[]): void {
  if (most === 0 && args.length > 0) throw new UsageError('This command takes no arguments', seeHelp(name));
  if (args.length > most) throw new UsageError('Too many arguments given', seeHelp(name));
  if (args.length < least) throw new UsageError('Wrong number of arguments given', seeHelp(name));
}

function hintFor({ name }: Command, error: CommanderError): string {
  return name === 'exec' && error.code === 'commander.unknownOption'
    ? 'options of the command itself go behind --: holdfast exec <name> -- <command> <options>'
    : seeHelp(name);
}

function seeHelp(name: string): string {
  return `see: holdfast help ${name}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
