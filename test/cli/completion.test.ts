/**
 * Completion as a shell does it: the printed script is loaded by a real bash, which asks the real command line; by zsh and fish
 * too, where they are installed. What can be seen without them: src/cli/completion/scripts.test.ts.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SCRIPTS, SHELLS } from '../../src/cli/completion/scripts.ts';
import { makeFakeHome, type FakeHome } from '../daemon/fake-home.ts';

const ENTRY = fileURLToPath(new URL('../../src/cli/entry.ts', import.meta.url));
/** What bash calls for `complete -F`, with the words as it breaks them. */
const HARNESS = `. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _holdfast 2>&1; printf '%s\\n' "\${COMPREPLY[@]}"`;
let scratch: string;
let home: FakeHome;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'holdfast-complete-'));
  for (const shell of SHELLS) await writeFile(join(scratch, `script.${shell}`), SCRIPTS[shell]);
  // As zsh finds it by itself, in a directory of its fpath.
  await writeFile(join(scratch, '_holdfast'), SCRIPTS.zsh);
  await writeFile(join(scratch, 'holdfast'), `#!/bin/sh\nexec '${process.execPath}' '${ENTRY}' "$@"\n`, { mode: 0o755 });
  await writeFile(join(scratch, 'disk.yaml'), '');
  home = await makeFakeHome();
  await home.start();
  await writeFile(join(home.directory, 'trusted-clients'), [['1a', 'ann@laptop'], ['2b', 'bob@lab'], ['3c', 'bob@lab'], ['4d', '$(id)']].map(([digits = '', name]) => `sha256:${digits.repeat(32)} 2026-09-01T10:00:00.000Z holdfast ${name} from 10.0.0.7\n`).join(''));
  await home.client.follow((await home.client.call('launch', { body: { name: 'apollo', image: `sha256:${home.image}` } })).id, () => {});
}, 60_000);
afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true });
}, 60_000);

async function ran(shell: string, args: readonly string[], directory = home.directory): Promise<string[]> {
  const { stdout, stderr } = await promisify(execFile)(shell, args, { cwd: scratch, env: { PATH: `${scratch}:${process.env['PATH']}`, HOME: scratch, HOLDFAST_HOME: directory } });
  if (stderr !== '') throw new Error(stderr);
  return stdout.split('\n').filter((line) => line !== '');
}

async function completed(words: readonly string[], directory = home.directory): Promise<string[]> {
  return await ran('bash', ['-c', HARNESS, 'bash', join(scratch, 'script.bash'), join(scratch, 'holdfast'), ...words], directory);
}

test.each([
  [['laun'], ['launch']],
  [['stop', ''], ['apollo']],
  [['exec', 'apo'], ['apollo']],
  [['list', '--format', '=', 'js'], ['json']],
  [['image', 'build', 'debian', ':', '1'], ['12', '13']],
  [['launch', '--cloud-init', 'disk'], ['disk.yaml']],
  [['clients', 'forget', 'ann', '@', 'la'], ['laptop']],
  [['clients', 'forget', ''], ['ann@laptop', ...['2b', '3c', '4d'].map((digits) => `sha256:${digits.repeat(32)}`)]],
  [['nonsense', 'x'], []],
])('bash is given for %j what fits there', async (words, expected) => expect(await completed(words)).toEqual(expected));

test('where no daemon runs there are no names, nothing is said, and none is started', async () => {
  const directory = join(scratch, 'home');
  expect(await completed(['stop', ''], directory)).toEqual([]);
  expect(await readdir(scratch)).not.toContain('home');
});

const isInstalled = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0;

/** Words as zsh and fish hand them over, whole; where files fit, both look for themselves. */
const WHOLE: readonly (readonly [words: readonly string[], expected: readonly string[]])[] = [
  [['laun'], ['launch']],
  [['stop', ''], ['apollo']],
  [['exec', 'apo'], ['apollo']],
  [['list', '--format', 'js'], ['json']],
  [['list', '--format=js'], ['--format=json']],
  [['image', 'build', 'debian:1'], ['debian:12', 'debian:13']],
  [['clients', 'forget', 'ann@la'], ['ann@laptop']],
  [['nonsense', 'x'], []],
];

/** In place of zsh's own functions, which speak to its line editor: what they are given is printed. */
const ZSH = `compdef() { registered="$*" }; _files() { print -r -- files }; _describe() { print -rl -- "\${(@P)4}" }; `;
/** "value:about", with each colon of the value behind a backslash. */
const valueOf = (given: string): string => (/^(?:\\.|[^:\\])*/.exec(given)?.[0] ?? '').replaceAll('\\:', ':');

describe.skipIf(!isInstalled('zsh'))('zsh', () => {
  const asked = async (load: string, words: readonly string[]): Promise<string[]> =>
    (await ran('zsh', ['-f', '-c', `${ZSH}${load}; shift; words=("$@"); CURRENT=$#words; _holdfast`, 'zsh', join(scratch, 'script.zsh'), 'holdfast', ...words])).map(valueOf);

  test.each(WHOLE)('is given for %j what fits there', async (words, expected) => {
    expect(await asked('. "$1"; [[ $registered == "_holdfast holdfast" ]] || print -r -- "registered: $registered"', words)).toEqual(expected);
  });
  test('looks for files itself', async () => expect(await asked('. "$1"', ['launch', '--cloud-init', 'disk'])).toEqual(['files']));
  test('answers at its first call when it is loaded by that', async () => {
    expect(await asked(`fpath=(${scratch} $fpath); autoload -Uz _holdfast`, ['stop', ''])).toEqual(['apollo']);
  });
});

describe.skipIf(!isInstalled('fish'))('fish', () => {
  const asked = async (words: readonly string[]): Promise<string[]> =>
    (await ran('fish', ['--no-config', '-c', 'source $argv[1]; complete --do-complete $argv[2]', join(scratch, 'script.fish'), `holdfast ${words.join(' ')}`])).map((line) => line.replace(/\t.*$/, ''));

  test.each([...WHOLE, [['launch', '--cloud-init', 'disk'], ['disk.yaml']] as const])('is given for %j what fits there', async (words, expected) => expect(await asked(words)).toEqual(expected));
});
