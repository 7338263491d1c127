/** What a command is: typed data, and a handler that gets everything it touches from its context. */
import type { Readable, Writable } from 'node:stream';
import type { Client } from '../client/client.ts';
import type { ProgramName } from '../core/program.ts';

export interface Context {
  /** The daemon's client; a daemon is started where none runs. */
  client(): Promise<Client>;
  /** Starts nothing. @param aside  asked by nobody who reads what is said: within so many ms, and of no daemon elsewhere that was never met */
  clientIfRunning(aside?: { readonly connectMs: number }): Promise<Client | undefined>;
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(on: boolean): unknown };
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly isTTY: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The bundled daemon. */
  readonly daemonScript: string;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** The words with which another process starts this program: absolute paths. */
  readonly program: readonly string[];
  /** As whom it was called. */
  readonly calledAs: ProgramName;
  /** How many -v were given. */
  readonly verbosity: number;
}

export interface OptionSpec {
  /** As people read it: `-n, --name <name>`; what has a `<…>` takes a value. */
  readonly flags: string;
  readonly summary: string;
  readonly hidden?: boolean;
  /** May be given several times; its values are a list. */
  readonly repeatable?: boolean;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;
export type OptionValues<O extends OptionSpecs> = {
  readonly [K in keyof O]: O[K] extends { readonly repeatable: true } ? readonly string[] : O[K]['flags'] extends `${string}<${string}` ? string | undefined : boolean;
};

export interface Given<O extends OptionSpecs> {
  readonly args: readonly string[];
  readonly options: OptionValues<O>;
}

export const GROUPS = ['Instances', 'Inside an instance', 'Images', 'Settings and the daemon'] as const;

export interface Command<O extends OptionSpecs = OptionSpecs> {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly group: (typeof GROUPS)[number];
  readonly summary: string;
  /** For people, behind the name: `[<name>…]`. */
  readonly usage: string;
  /** What each argument of the usage line is; left out where there is none, or the line says it. */
  readonly takes?: readonly (readonly [argument: string, what: string])[];
  /** Least and most of arguments. */
  readonly args: readonly [number, number];
  readonly options: O;
  readonly examples: readonly (readonly [line: string, what: string])[];
  /** More for the help page. */
  readonly notes?: readonly string[];
  /** Multipass has no command of this name: a user's alias may. */
  readonly onlyHere?: true;
  /** It carries its caller into an instance, as ssh does: 255 is its own failure, apart from what it ran there. */
  readonly entersGuest?: true;
  /** @returns the exit code, 0 when nothing */
  run(context: Context, given: Given<O>): Promise<number | void>;
}

/** @returns whether a word is a command before it can be an alias: under Multipass's name only what is Multipass's */
export function isReserved(word: string, commands: readonly Command[], program: ProgramName): boolean {
  return commands.some(({ name, aliases = [], onlyHere }) => (name === word || aliases.includes(word)) && !(program === 'multipass' && onlyHere));
}

/** Holds the types of a command's options and its handler together, then forgets them for the table. */
export function defineCommand<const O extends OptionSpecs>(command: Command<O>): Command {
  return command;
}
