/**
 * Under which name a program speaks: its own, or Multipass's where a launcher that "compat install" wrote has started it.
 * Scripts match on a program's own name in a few places, and people copy commands out of hints.
 */

export const PROGRAMS = {
  holdfast: { client: 'holdfast', daemon: 'holdfastd' },
  multipass: { client: 'multipass', daemon: 'multipassd' },
} as const;
export type ProgramName = keyof typeof PROGRAMS;

/** The launchers' first word: `--as=multipass`. */
const AS = '--as=';

/** @returns the name that the first word gives, and the words behind it */
export function calledAs(words: readonly string[]): { readonly program: ProgramName; readonly rest: readonly string[] } {
  const [first = '', ...rest] = words;
  return first === `${AS}multipass` ? { program: 'multipass', rest } : { program: 'holdfast', rest: words };
}

/** @returns the word that a launcher puts in front of what it is given */
export function asWord(program: ProgramName): string {
  return AS + program;
}

/** The same text with commands to type, the socket, and a sentence's subject under that name: `see: holdfast list`, `Holdfast can only …`. Paths and variables stay. */
export function inTheNameOf(program: ProgramName, text: string): string {
  if (program === 'holdfast') return text;
  const { client } = PROGRAMS[program];
  return text.replace(/(?<![\w/.-])holdfast(?= (?:[a-z<]|--?[a-z]))/g, client).replace(/^Holdfast(?= can )|(?<= installation of )Holdfast/, `${client.charAt(0).toUpperCase()}${client.slice(1)}`);
}
