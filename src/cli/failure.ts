/** Composes every message of failure, and decides its exit code. */
import { ERROR_CODES, errorRecord, HoldfastError, type ErrorCode, type ErrorRecord } from '../core/errors.ts';
import { inTheNameOf, PROGRAMS, type ProgramName } from '../core/program.ts';
import type { Command } from './command.ts';
import { plain } from './render/plain.ts';

/** The command line was wrong: nothing was asked of the daemon. */
export class UsageError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.name = 'UsageError';
    this.hint = hint;
  }
}

/** Several instances were asked for, and some failed; the others were carried out. */
export class BatchError extends Error {
  readonly errors: readonly unknown[];

  constructor(errors: readonly unknown[]) {
    super('The following errors occurred:');
    this.errors = errors;
  }
}

/** Errors whose message names the program (`the holdfast socket`, `Holdfast can only clone stopped instances`, `Mounts are disabled on this installation of Holdfast.`): by the name that it was called by, since scripts look for that. */
const NAMES_PROGRAM: ReadonlySet<string> = new Set(['daemon-unreachable', 'daemon-denied', 'wrong-state', 'not-supported']);

export interface Failure {
  readonly text: string;
  readonly exit: number;
}

/** What failed: a command, or an alias. */
export type Failed = Pick<Command, 'name' | 'entersGuest'>;

/** Of a command that could not be carried into its instance. */
const NOT_ENTERED = 255;

/** @param program  as whom it was called: hints are commands to type */
export function failureOf(failed: Failed, error: unknown, verbosity = 0, program: ProgramName = 'holdfast'): Failure {
  const command = failed.name;
  const lines = linesFor(program);
  if (error instanceof UsageError) {
    return { text: lines(error.message, error.hint), exit: 1 };
  }
  if (error instanceof BatchError) {
    const records = error.errors.map(errorRecord);
    const hints = new Set(records.map(({ hint }) => hint).filter((hint) => hint !== null));
    return {
      text: `${command} failed: ${error.message}\n${[...records.map((record) => messageOf(record, program)), ...[...hints].map((hint) => inTheNameOf(program, hint))].map((text) => `${plain(text)}\n`).join('')}`,
      exit: Math.max(...records.map(({ code }) => exitOf(code, failed))),
    };
  }
  const record = errorRecord(error);
  const { code, hint } = record;
  const trace = !(error instanceof HoldfastError) && verbosity > 0 && error instanceof Error ? `${error.stack}\n` : '';
  return { text: `${command} failed: ${lines(messageOf(record, program), hint)}${trace}`, exit: exitOf(code, failed) };
}

function messageOf({ code, message }: ErrorRecord, program: ProgramName): string {
  return NAMES_PROGRAM.has(code) ? inTheNameOf(program, message) : message;
}

/** A script takes 255 for ssh's own: only a command that is carried into an instance may end with it. */
function exitOf(code: ErrorCode, { entersGuest }: Failed): number {
  const { exit } = ERROR_CODES[code];
  return exit === NOT_ENTERED && entersGuest !== true ? 2 : exit;
}

/** For stdout, with exit code 1: where and how Multipass says it. */
export function unknownCommand(word: string, program: ProgramName = 'holdfast'): string {
  const { client } = PROGRAMS[program];
  return `Error: Unknown command or alias '${plain(word)}' (try "${client} help" or "${client} aliases")\n`;
}

function linesFor(program: ProgramName): (message: string, hint: string | null | undefined) => string {
  return (message, hint) => `${plain(message)}\n${hint ? `${plain(inTheNameOf(program, hint))}\n` : ''}`;
}
