/**
 * Names of commands in instances, in contexts of which one is active. Pure: a book is never written into, each change makes
 * another. The file's form is Multipass's, so that its file can be taken over as it is.
 */
import { fail } from './errors.ts';

export interface Alias {
  readonly instance: string;
  readonly command: string;
  /** map: in the mounted counterpart of the caller's directory, where there is one. */
  readonly workingDirectory: 'map' | 'default';
}

export type AliasContext = Readonly<Record<string, Alias>>;

export interface AliasBook {
  readonly active: string;
  /** The active one is always among them. */
  readonly contexts: Readonly<Record<string, AliasContext>>;
}

export interface FoundAlias {
  readonly context: string;
  readonly name: string;
  readonly alias: Alias;
}

export const NO_ALIASES: AliasBook = { active: 'default', contexts: { default: {} } };

/** A script of this name can be written, and typed as a command. */
export function isFileName(name: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
  return name.length <= 200 && /^[^/\u0000-\u001f\u007f\s-][^/\u0000-\u001f\u007f\s]*$/.test(name) && name !== '.' && name !== '..';
}

export function addAlias(book: AliasBook, name: string, alias: Alias): AliasBook {
  return withContext(book, book.active, { ...contextOf(book, book.active), [name]: alias });
}

export function hasAlias(book: AliasBook, name: string): boolean {
  return Object.hasOwn(contextOf(book, book.active), name);
}

/** @returns what a word means to whoever runs it: in the active context, else in the only other one that has it, else as `context.name` */
export function findAlias(book: AliasBook, word: string): FoundAlias | undefined {
  const here = lookUp(book, book.active, word);
  if (here) return here;
  const elsewhere = Object.keys(book.contexts).map((context) => lookUp(book, context, word)).filter((found) => found !== undefined);
  if (elsewhere.length === 1) return elsewhere[0];
  return inNamedContext(book, word);
}

/** @returns the one that is meant where it is to be changed: another context's is named with it */
export function findExactly(book: AliasBook, word: string): FoundAlias | undefined {
  return lookUp(book, book.active, word) ?? inNamedContext(book, word);
}

function inNamedContext(book: AliasBook, word: string): FoundAlias | undefined {
  // Both sides of the dot may have dots in them.
  const [named] = Object.keys(book.contexts).filter((context) => word.startsWith(`${context}.`))
    .map((context) => lookUp(book, context, word.slice(context.length + 1))).filter((found) => found !== undefined);
  return named;
}

export function removeAlias(book: AliasBook, { context, name }: Pick<FoundAlias, 'context' | 'name'>): AliasBook {
  return withContext(book, context, Object.fromEntries(Object.entries(contextOf(book, context)).filter(([each]) => each !== name)));
}

/** All of the active context. */
export function removeActive(book: AliasBook): AliasBook {
  return withContext(book, book.active, {});
}

/** Of instances that are no more. */
export function forgetInstances(book: AliasBook, gone: ReadonlySet<string>): AliasBook {
  const contexts = Object.entries(book.contexts).map(([context, aliases]) =>
    [context, Object.fromEntries(Object.entries(aliases).filter(([, { instance }]) => !gone.has(instance)))] as const);
  return tidy({ ...book, contexts: Object.fromEntries(contexts) });
}

/** Makes a context where there is none of that name; an empty one that is left vanishes. */
export function preferContext(book: AliasBook, context: string): AliasBook {
  return tidy({ active: context, contexts: { ...book.contexts, [context]: contextOf(book, context) } });
}

/** In all contexts. */
export function aliasNames({ contexts }: AliasBook): ReadonlySet<string> {
  return new Set(Object.values(contexts).flatMap((aliases) => Object.keys(aliases)));
}

function lookUp(book: AliasBook, context: string, name: string): FoundAlias | undefined {
  const aliases = contextOf(book, context);
  const alias = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
  return alias === undefined ? undefined : { context, name, alias };
}

function contextOf({ contexts }: AliasBook, name: string): AliasContext {
  return Object.hasOwn(contexts, name) ? contexts[name] ?? {} : {};
}

function withContext(book: AliasBook, context: string, aliases: AliasContext): AliasBook {
  return tidy({ ...book, contexts: { ...book.contexts, [context]: aliases } });
}

function tidy({ active, contexts }: AliasBook): AliasBook {
  return { active, contexts: Object.fromEntries(Object.entries(contexts).filter(([name, aliases]) => name === active || Object.keys(aliases).length > 0)) };
}

/** The file's form. */
export type AliasFile = {
  readonly 'active-context': string;
  readonly contexts: { readonly [context: string]: { readonly [alias: string]: { readonly command: string; readonly instance: string; readonly 'working-directory': string } } };
};

export function toAliasFile({ active, contexts }: AliasBook): AliasFile {
  return {
    'active-context': active,
    contexts: Object.fromEntries(Object.entries(contexts).map(([context, aliases]) => [context, Object.fromEntries(Object.entries(aliases).map(
      ([name, { command, instance, workingDirectory }]) => [name, { command, instance, 'working-directory': workingDirectory }],
    ))])),
  };
}

/** @throws bad-argument  a file that somebody else wrote into is not written over with what was understood of it */
export function fromAliasFile(value: unknown, path: string): AliasBook {
  const refuse = (why: string): Error => fail('bad-argument', `the aliases in ${path} cannot be read: ${why}`, { hint: 'correct the file, or move it away' });
  if (!isRecord(value) || typeof value['active-context'] !== 'string' || !isRecord(value['contexts'])) throw refuse('it has no active-context and contexts');
  const active = value['active-context'];
  const contexts = Object.entries(value['contexts']).map(([context, aliases]) => {
    if (!isRecord(aliases)) throw refuse(`the context ${JSON.stringify(context)} is no object`);
    return [context, Object.fromEntries(Object.entries(aliases).map(([name, alias]) => {
      const { command, instance, 'working-directory': directory } = isRecord(alias) ? alias : {};
      if (typeof command !== 'string' || typeof instance !== 'string') throw refuse(`the alias ${JSON.stringify(name)} has no command and instance`);
      return [name, { command, instance, workingDirectory: directory === 'default' ? 'default' as const : 'map' as const }];
    }))] as const;
  });
  return preferContext({ active, contexts: Object.fromEntries(contexts) }, active);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
