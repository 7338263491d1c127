import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { commandLine, LONGEST_LINE, quote } from './quote.ts';

describe('quote', () => {
  test('leaves plain words alone', () => {
    expect(quote('/usr/bin/env')).toBe('/usr/bin/env');
  });

  test('a shell gives back exactly what was quoted, whatever it was', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((word) => !word.includes('\0') && word.isWellFormed());
    fc.assert(fc.property(fc.array(text, { minLength: 20, maxLength: 100 }), (words) => {
      const line = `printf '%s\\0' ${words.map(quote).join(' ')}`;
      expect(execFileSync('sh', ['-c', line], { encoding: 'utf8' })).toBe(`${words.join('\0')}\0`);
    }), { numRuns: 30 });
  }, 30_000);

  test('keeps backslashes out of single quotes, where fish gives them a meaning', () => {
    expect(quote("a\\b'c d")).toBe(`'a'\\\\'b'"'"'c d'`);
  });

  test('refuses what no program can be given', () => {
    expect(() => quote('a\0b')).toThrow(/NUL/);
    expect(() => quote('\ud800')).toThrow(/half of a character/);
  });
});

describe('commandLine', () => {
  test('is nothing for the bare login shell', () => {
    expect(commandLine({ command: [] })).toBeUndefined();
  });

  test('takes in directory and environment', () => {
    expect(commandLine({ command: ['ls', '-l'], cwd: '/a b', env: { A: 'x y' } })).toBe(`cd -- '/a b' && exec env 'A=x y' ls -l`);
    expect(commandLine({ command: [], env: { A: 'x' } })).toBe(`exec env A=x sh -c 'exec "\${SHELL:-/bin/sh}" -l'`);
    expect(commandLine({ command: [], cwd: '/a b' })).toMatch(/^exec sh -c '[^']+"\$\{SHELL:-\/bin\/sh\}" -l' sh '\/a b'$/);
  });

  test('with builtins is what the shell finds under that name, but no reserved word, alias or option of its own', () => {
    const run = (command: readonly string[], cwd?: string): string => execFileSync('bash', ['-O', 'expand_aliases', '-c', `alias ls=false\n${commandLine({ command, builtins: true, ...(cwd === undefined ? {} : { cwd }) })} 2>&1 || echo "ended with $?"`], { encoding: 'utf8' });
    expect(run(['command', '-v', 'cd'])).toBe('cd\n');
    expect(run(['pwd'], '/usr')).toBe('/usr\n');
    expect(run(['echo', '$HOME;', "it's"])).toBe("$HOME; it's\n");
    expect(run(['if'])).toContain('ended with 127');
    expect(run(['ls', '-d', '/'])).toBe('/\n');
    expect(commandLine({ command: ['true'], builtins: true, env: { A: 'x' } })).toBe('exec env A=x true');
  });

  test.each([[['a=b']], [['-x']], [['']]])('refuses %j as a program', (command) => {
    expect(() => commandLine({ command })).toThrow(/cannot be run/);
  });

  test('refuses names that are none, and lines that no shell could be given', () => {
    expect(() => commandLine({ command: ['ls'], env: { 'A;B': '' } })).toThrow(/no name/);
    expect(() => commandLine({ command: ['ls', 'x'.repeat(LONGEST_LINE)] })).toThrow(/longer than 127 KiB/);
  });
});
