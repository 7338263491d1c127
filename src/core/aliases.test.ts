import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addAlias, aliasNames, findAlias, findExactly, forgetInstances, fromAliasFile, hasAlias, isFileName, NO_ALIASES, preferContext, removeActive, removeAlias, toAliasFile, type Alias, type AliasBook } from './aliases.ts';

const ls: Alias = { instance: 'apollo', command: 'ls', workingDirectory: 'map' };
const top: Alias = { instance: 'hermes', command: 'top', workingDirectory: 'default' };
const work = addAlias(preferContext(addAlias(NO_ALIASES, 'l', ls), 'work'), 't', top);

test('a word is looked for in the active context, then in the only other that has it, then behind its context\'s name', () => {
  expect(findAlias(work, 't')).toEqual({ context: 'work', name: 't', alias: top });
  expect(findAlias(work, 'l')).toEqual({ context: 'default', name: 'l', alias: ls });
  const both = addAlias(work, 'l', top);
  expect(findAlias(both, 'l')?.alias).toBe(top);
  expect(findAlias(both, 'default.l')?.alias).toBe(ls);
  expect(findAlias(preferContext(both, 'third'), 'l')).toBeUndefined();
  expect(findAlias(work, 'work.l')).toBeUndefined();
});

test('to be changed, one of another context is named with it', () => {
  expect(findExactly(work, 't')).toEqual({ context: 'work', name: 't', alias: top });
  expect(findExactly(work, 'l')).toBeUndefined();
  expect(findExactly(work, 'default.l')).toEqual({ context: 'default', name: 'l', alias: ls });
});

test('a name of every object is no alias', () => {
  for (const word of ['constructor', '__proto__', 'toString']) expect(findAlias(NO_ALIASES, word)).toBeUndefined();
  expect(hasAlias(NO_ALIASES, 'constructor')).toBe(false);
});

test('an empty context vanishes when it is left, and when its last alias goes', () => {
  expect(Object.keys(preferContext(NO_ALIASES, 'work').contexts)).toEqual(['work']);
  expect(Object.keys(removeAlias(work, { context: 'default', name: 'l' }).contexts)).toEqual(['work']);
  expect(removeActive(work).contexts).toEqual({ default: { l: ls }, work: {} });
  expect(forgetInstances(work, new Set(['apollo'])).contexts).toEqual({ work: { t: top } });
  expect([...aliasNames(work)].toSorted()).toEqual(['l', 't']);
});

test('what is written is read again', () => {
  const word = fc.string({ minLength: 1 }).filter((text) => text !== '__proto__');
  fc.assert(fc.property(fc.array(fc.tuple(word, word, fc.string(), fc.boolean())), word, (all, active) => {
    const book = all.reduce<AliasBook>((made, [context, name, command, map]) =>
      addAlias(preferContext(made, context), name, { instance: 'a', command, workingDirectory: map ? 'map' : 'default' }), NO_ALIASES);
    const kept = preferContext(book, active);
    expect(fromAliasFile(JSON.parse(JSON.stringify(toAliasFile(kept))), '/f')).toEqual(kept);
  }));
});

test.each([[null], [[]], [{ contexts: {} }], [{ 'active-context': 'd', contexts: [] }], [{ 'active-context': 'd', contexts: { d: { a: { command: 'ls' } } } }]])('%j is refused by the file\'s name', (value) => {
  expect(() => fromAliasFile(value, '/f/multipass_aliases.json')).toThrow('the aliases in /f/multipass_aliases.json cannot be read');
});

test('what can be a file and a command can be an alias', () => {
  expect(['ls', 'a.b', 'ü', 'x-1'].filter(isFileName)).toEqual(['ls', 'a.b', 'ü', 'x-1']);
  expect(['', '.', '..', 'a/b', '-n', 'a b', 'a\n', '\u0000', 'x'.repeat(300)].filter(isFileName)).toEqual([]);
});
