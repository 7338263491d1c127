/** Completion as a shell does it: the printed script is loaded by a real bash, which asks the real command line. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SCRIPTS } from '../../src/cli/completion/scripts.ts';
import { makeFakeHome, type FakeHome } from '../daemon/fake-home.ts';

const ENTRY = fileURLToPath(new URL('../../src/cli/entry.ts', import.meta.url));
/** What bash calls for `complete -F`, with the words as it breaks them. */
const HARNESS = `. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _holdfast 2>&1; printf '%s\\n' "\${COMPREPLY[@]}"`;
let scratch: string;
let home: FakeHome;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'holdfast-complete-'));
  await writeFile(join(scratch, 'script'), SCRIPTS.bash);
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

async function completed(words: readonly string[], directory = home.directory): Promise<string[]> {
  const { stdout } = await promisify(execFile)('bash', ['-c', HARNESS, 'bash', join(scratch, 'script'), join(scratch, 'holdfast'), ...words], {
    cwd: scratch, env: { PATH: process.env['PATH'], HOLDFAST_HOME: directory },
  });
  return stdout.split('\n').filter((line) => line !== '');
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
