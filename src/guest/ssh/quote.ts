/**
 * Decides the one line that SSH hands to the user's login shell, such that the program gets exactly the argv that
 * was asked for. Quotes and backslashes are kept out of the single-quoted parts, since fish (unlike POSIX shells)
 * gives a backslash a meaning there; so one form serves sh, bash, zsh, fish and ksh.
 */
import { fail } from '../../core/errors.ts';
import type { ExecRequest } from '../shell.ts';

/** Linux takes at most 128 KiB in one argument, and the shell gets the whole line as one. */
export const LONGEST_LINE = 128 * 1024 - 1024;

/** A leading `=`, `%` or `@` means something to one shell or another. */
const PLAIN = /^[A-Za-z0-9_./-][A-Za-z0-9_@%+=:,./-]*$/;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function quote(word: string): string {
  if (PLAIN.test(word)) return word;
  if (word.includes('\0')) throw fail('bad-argument', 'an argument contains a NUL character, which no program can be given');
  if (!word.isWellFormed()) throw fail('bad-argument', 'an argument contains half of a character (a lone surrogate)');
  if (word === '') return "''";
  return word.split(/(['\\]+)/).filter((part) => part !== '').map((part) => {
    if (part.startsWith("'") || part.startsWith('\\')) return part.replaceAll(/['\\]/g, (mark) => (mark === "'" ? `"'"` : '\\\\'));
    return `'${part}'`;
  }).join('');
}

/** `NAME=value` words for env(1). @throws bad-argument on a name that no shell would take */
export function envWords(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).map(([name, value]) => {
    if (!ENV_NAME.test(name)) throw fail('bad-argument', `${JSON.stringify(name)} is no name for an environment variable`);
    return `${name}=${value}`;
  });
}

/**
 * A login shell in another directory than its own: it begins in its own where that one is not there, or does not answer. Constant
 * text, with the directory as $1; run by sh, whatever the user's own shell is. A mount that is stuck lets go of who is killed.
 */
const SHELL_AT = 'timeout -s KILL 3 test -d "$1" && cd -- "$1" || echo "$1 cannot be entered now" >&2; exec "${SHELL:-/bin/sh}" -l';

/** Quoted whether it needs it or not: no reserved word and no alias of any shell. */
const asProgram = (word: string): string => (PLAIN.test(word) ? `'${word}'` : quote(word));

/**
 * The command in front of which nothing else is needed: argv with cwd and env taken in. With `exec` it is a program, whatever
 * the shell has under that name; shells themselves start the last command of such a line in their own place.
 * @returns undefined when it is just the login shell, for which SSH has a request of its own
 */
export function commandLine({ command, cwd, env = {}, builtins = false }: ExecRequest): string | undefined {
  const words = envWords(env);
  const [program] = command;
  if (program === undefined && cwd === undefined && words.length === 0) return undefined;
  if (program !== undefined && (program === '' || program.startsWith('-') || program.includes('='))) {
    throw fail('bad-argument', `${JSON.stringify(program)} cannot be run as a program`, { hint: 'Use its full path.' });
  }
  const change = cwd === undefined || program === undefined ? '' : `cd -- ${quote(cwd)} && `;
  const shell = cwd === undefined ? ['sh', '-c', 'exec "${SHELL:-/bin/sh}" -l'] : ['sh', '-c', SHELL_AT, 'sh', cwd];
  const looked = builtins && program !== undefined && words.length === 0;
  const argv = looked ? [asProgram(program), ...command.slice(1).map(quote)] : (program === undefined ? shell : command).map(quote);
  const assignments = words.length === 0 ? '' : `env ${words.map(quote).join(' ')} `;
  const line = `${change}${looked ? '' : `exec ${assignments}`}${argv.join(' ')}`;
  if (Buffer.byteLength(line) > LONGEST_LINE) {
    throw fail('bad-argument', `the command is longer than ${LONGEST_LINE / 1024} KiB`, { hint: 'Give large data on standard input.' });
  }
  return line;
}
