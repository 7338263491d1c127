/** The scripts as text, wherever the tests run; test/cli/completion.test.ts gives them to the shells that are installed. */
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../commands.ts';
import { completionAnswer } from './answer.ts';
import { SCRIPTS, SHELLS, type Shell } from './scripts.ts';

/** What opens and what closes a block in each shell. */
const BLOCKS: Readonly<Record<Shell, readonly (readonly [open: RegExp, close: RegExp])[]>> = {
  bash: [[/\bif\b/g, /\bfi\b/g], [/\bdo\b/g, /\bdone\b/g], [/\{/g, /\}/g], [/\(/g, /\)/g]],
  zsh: [[/\bif\b/g, /\bfi\b/g], [/\bdo\b/g, /\bdone\b/g], [/\{/g, /\}/g], [/\(/g, /\)/g], [/\[\[/g, /\]\]/g]],
  fish: [[/^\s*(?:function|for|if|while|switch|begin)\b/gm, /^\s*end\b/gm], [/\(/g, /\)/g], [/\[/g, /\]/g]],
};
/** The words of the line up to the cursor, as each shell names them, behind its own name. */
const ASKS: Readonly<Record<Shell, string>> = {
  bash: '"${COMP_WORDS[0]}" __complete bash "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null',
  zsh: '"${words[1]}" __complete zsh "${(@)words[2,CURRENT]}" 2>/dev/null',
  fish: '$words[1] __complete fish $words[2..] "$current" 2>/dev/null',
};
const REGISTERS: Readonly<Record<Shell, string>> = { bash: 'complete -F _holdfast holdfast\n', zsh: 'compdef _holdfast holdfast\n', fish: "complete --command holdfast --no-files --arguments '(__holdfast_complete)'\n" };

/** Comments and strings taken out; a quote that is left over opens one that does not end. */
function bare(script: string): string {
  return script.replaceAll(/^#.*$/gm, '').replaceAll(/\$?'[^']*'|"(?:\\.|[^"\\])*"/g, '');
}

const count = (text: string, of: RegExp): number => text.match(of)?.length ?? 0;

describe.each(SHELLS)('%s', (shell) => {
  const script = SCRIPTS[shell];

  test('each quote and each block is closed', () => {
    const text = bare(script);
    expect(text).not.toMatch(/['"`]/);
    for (const [open, close] of BLOCKS[shell]) expect([open, count(text, open)]).toEqual([open, count(text, close)]);
  });

  test('its script asks the program on the line, in this shell\'s name, and leaves files to the shell', () => {
    expect(script).toContain(ASKS[shell]);
    expect(script).toContain(':files');
    expect(script.endsWith(REGISTERS[shell]) || script.endsWith(`${REGISTERS[shell]}fi\n`)).toBe(true);
  });

  const asked = async (...words: string[]): Promise<string[]> => {
    const said = await completionAnswer([shell, ...words], COMMANDS, { clientIfRunning: () => Promise.resolve(undefined), signal: new AbortController().signal });
    return said.split('\n').filter((line) => line !== '').map((line) => line.slice(0, line.indexOf('\t')));
  };

  test('what it asks is answered with every command, and every option of each', async () => {
    expect(await asked('')).toEqual(expect.arrayContaining(COMMANDS.map(({ name }) => name)));
    for (const { name, options } of COMMANDS) {
      const flags = Object.values(options).filter(({ hidden }) => !hidden).flatMap(({ flags: text }) => /--[a-z\d-]+/.exec(text) ?? []);
      expect(await asked(name, '--'), name).toEqual(expect.arrayContaining(flags));
    }
  });

  test('a word that only bash breaks is whole for the others', async () => {
    const [format, image] = [await asked('list', '--format=js'), await asked('image', 'build', 'debian:1')];
    expect([format, image]).toEqual(shell === 'bash' ? [['json'], ['12', '13']] : [['--format=json'], ['debian:12', 'debian:13']]);
  });
});
