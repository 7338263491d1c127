/** Decides what can stand where the cursor is. Pure: what only the daemon knows is asked of `names`. */
import { ARCHITECTURE_NAMES } from '../../core/architecture.ts';
import type { Command, OptionSpec } from '../command.ts';
import { ZONES } from '../../core/zones.ts';
import { GLOBAL_OPTIONS } from '../help.ts';
import { FORMATS } from '../render/format.ts';
import { nextPlaces } from './usage.ts';

export interface Candidate {
  readonly value: string;
  /** One line, for shells that show it. */
  readonly about: string;
}

/** `files`: the shell does that better. */
export type Completion = readonly Candidate[] | 'files';

export type NameKind = 'instances' | 'deleted instances' | 'images' | 'templates' | 'settings' | 'clients';
export type Names = (kind: NameKind) => Promise<readonly string[]>;

/** What the placeholders of arguments stand for; of others nothing is offered. */
const ARGUMENTS: Readonly<Record<string, NameKind | 'commands' | 'files' | readonly string[]>> = {
  name: 'instances', instance: 'instances', dir: 'files', image: 'images', template: 'templates', key: 'settings', client: 'clients', command: 'commands', file: 'files',
  distribution: ['debian', 'debian:12', 'debian:13'], shell: ['bash', 'zsh', 'fish'], zone: ZONES,
};
const VALUES: Readonly<Record<string, 'files' | readonly string[]>> = { file: 'files', format: FORMATS, architecture: ARCHITECTURE_NAMES, zone: ZONES };

/** @param words  behind `holdfast`; the last is the one at the cursor, and may be empty */
export async function complete(words: readonly string[], commands: readonly Command[], names: Names): Promise<Completion> {
  const current = words.at(-1) ?? '';
  const [word, ...rest] = words.slice(0, -1).filter((each, index, all) => !(/^-v+$|^--verbose$/.test(each) && all.slice(0, index).every((earlier) => earlier.startsWith('-'))));
  if (word === undefined) return starting(current, [...commands.map(({ name, summary }) => ({ value: name, about: summary })), ...(current.startsWith('-') ? [{ value: '--help', about: 'show help' }, { value: '--version', about: 'show the version' }] : [])]);
  const command = commands.find(({ name, aliases = [] }) => name === word || aliases.includes(word));
  return command === undefined ? [] : await within(command, rest, current, commands, names);
}

async function within(command: Command, before: readonly string[], current: string, commands: readonly Command[], names: Names): Promise<Completion> {
  const options = Object.values(command.options).filter(({ hidden }) => !hidden);
  const closed = before.includes('--');
  const given: string[] = [];
  let waiting: OptionSpec | undefined;
  for (const [index, word] of before.entries()) {
    if (waiting) waiting = undefined;
    else if (word.startsWith('-') && word !== '-' && !before.slice(0, index).includes('--')) waiting = options.find((option) => takesValue(option) && flagsOf(option).includes(word));
    else given.push(word);
  }
  if (waiting) return valuesOf(waiting, current);
  if (!closed && current.startsWith('-')) return optionsAt(current, options);
  const found = await Promise.all(nextPlaces(command.usage, given).map(async (place): Promise<Completion> => {
    if (place.kind === 'word') return [{ value: place.word, about: '' }];
    const what = Object.hasOwn(ARGUMENTS, place.of) ? ARGUMENTS[place.of] : undefined;
    if (what === undefined || (command.name === 'exec' && place.of !== 'name')) return [];
    if (what === 'files') return 'files';
    if (what === 'commands') return commands.map(({ name, summary }) => ({ value: name, about: summary }));
    if (typeof what !== 'string') return what.map(plain);
    const kind = what === 'instances' && command.name === 'recover' ? 'deleted instances' : what;
    return (await names(kind)).filter((name) => !given.includes(name)).map(plain);
  }));
  if (found.includes('files')) return 'files';
  return starting(current, found.flatMap((each) => (each === 'files' ? [] : each)));
}

function optionsAt(current: string, options: readonly OptionSpec[]): Completion {
  const [flag = '', value] = current.split(/=(.*)/s, 2);
  if (value !== undefined) {
    const option = options.find((each) => takesValue(each) && flagsOf(each).includes(flag));
    const found = option ? valuesOf(option, value) : [];
    return found === 'files' ? found : found.map((each) => ({ ...each, value: `${flag}=${each.value}` }));
  }
  const all = [...options, ...GLOBAL_OPTIONS.map(([flags, summary]) => ({ flags, summary }))];
  return starting(current, all.flatMap((option) => flagsOf(option).filter((each) => each.startsWith('--')).map((each) => ({ value: each, about: option.summary }))));
}

function valuesOf({ flags }: OptionSpec, current: string): Completion {
  const of = /<([^>]+)>/.exec(flags)?.[1] ?? '';
  const values = Object.hasOwn(VALUES, of) ? VALUES[of] : undefined;
  return values === undefined ? [] : values === 'files' ? values : starting(current, values.map(plain));
}

function takesValue({ flags }: OptionSpec): boolean {
  return flags.includes('<');
}

/** `-n, --name <name>` gives `-n` and `--name`. */
function flagsOf({ flags }: { readonly flags: string }): string[] {
  return flags.split(/[\s,]+/).filter((word) => word.startsWith('-'));
}

function plain(value: string): Candidate {
  return { value, about: '' };
}

function starting(current: string, all: readonly Candidate[]): Candidate[] {
  return all.filter(({ value }) => value.startsWith(current));
}
