import { expect, test } from 'vitest';
import { isReserved } from './command.ts';
import { COMMANDS } from './commands.ts';
import { commandHelp, generalHelp } from './help.ts';
import { parseWords } from './parse.ts';

test('no two commands share a word', () => {
  const words = COMMANDS.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  expect(words).toEqual([...new Set(words)]);
});

test.each(COMMANDS.map((command) => [command.name, command] as const))('%s has help that shows what it takes, and examples that parse', (name, command) => {
  const help = commandHelp(command);
  for (const { flags, hidden } of Object.values(command.options)) expect(help.includes(flags)).toBe(!hidden);
  expect(generalHelp(COMMANDS)).toContain(`  ${name} `);
  // Whatever the usage line has in brackets is explained.
  for (const [placeholder] of command.usage.matchAll(/<[^>]+>/g)) expect((command.takes ?? []).some(([argument]) => argument.includes(placeholder))).toBe(true);
  // The same sections in the same order.
  const sections = [...help.matchAll(/^(Usage|Arguments|Options|Examples):/gm)].map(([, section]) => section);
  expect(sections).toEqual(['Usage', ...(command.usage === '' ? [] : ['Arguments']), 'Options', 'Examples']);
  expect(commandHelp(command, 'multipass')).not.toMatch(/(?:^|[ "])holdfast [a-z]/m);
  expect(command.examples.length).toBeGreaterThan(0);
  for (const [line] of command.examples) {
    const words = (line.split('| ').at(-1) ?? '').replace(/ > .*/, '').split(' ');
    expect(words.slice(0, 2)).toEqual(['holdfast', name]);
    expect(() => parseWords(command, words.slice(2))).not.toThrow();
  }
});

test('under Multipass\'s name its own commands are reserved, and no others', () => {
  const free = COMMANDS.map(({ name }) => name).filter((name) => !isReserved(name, COMMANDS, 'multipass'));
  expect(free.toSorted()).toEqual(['clients', 'compat', 'completion', 'console', 'doctor', 'image', 'logs', 'net', 'network', 'proxy', 'service', 'ssh-config', 'template']);
  for (const { name, aliases = [] } of COMMANDS) for (const word of [name, ...aliases]) expect(isReserved(word, COMMANDS, 'holdfast')).toBe(true);
});

test('help can be asked for where arguments are missing', () => {
  const exec = COMMANDS.find(({ name }) => name === 'exec')!;
  expect(parseWords(exec, ['-h']).help).toBe(true);
  expect(parseWords(exec, ['a', '-vvv', '--', '-h', '-v'])).toMatchObject({ help: false, verbosity: 3, args: ['a', '-h', '-v'] });
});
