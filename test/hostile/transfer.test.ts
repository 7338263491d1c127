/** The built program against a guest that answers "transfer" with other files than those it was asked for. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { dataRecord, jsonRecord, RECORD } from '../../src/cli/transfer/records.ts';
import { ran, type Ran } from '../cli/bench-cli.ts';
import { makeTransferBench, type TransferBench } from '../cli/transfer/guest.ts';
import { look } from '../cli/transfer/tree.ts';
import { LONG } from './properties.ts';

let made: TransferBench;
let home: string;
beforeAll(async () => { made = await makeTransferBench(); });
afterAll(async () => { await made[Symbol.asyncDispose](); });
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hf-hostile-'));
  await mkdir(join(home, '.ssh'));
  await mkdir(join(home, 'files'));
  await writeFile(join(home, '.ssh/authorized_keys'), 'a key of mine');
  await writeFile(join(home, '.bashrc'), 'mine');
  await writeFile(join(home, 'files/plans'), 'mine');
  await symlink('.ssh', join(home, 'keys'));
});
afterEach(async () => { await rm(home, { recursive: true, force: true }); });

const entry = (kind: string, path: readonly string[], more: object = {}) => jsonRecord(RECORD.entry, { path, kind, mode: 0o644, modified: [1_000_000_000, 0], ...more });
const folder = (...path: readonly string[]) => [entry('folder', path)];
const file = (...path: readonly string[]) => [entry('file', path), dataRecord(0, Buffer.from('evil')), jsonRecord(RECORD.end, { size: 4 })];

/** In the person's home, of a guest that sends these records whatever it is asked for. */
async function transfer(words: readonly string[], records: readonly Uint8Array[]): Promise<Ran> {
  await writeFile(join(made.home('apollo'), 'records'), Buffer.concat([...records, jsonRecord(RECORD.done, {})]));
  made.instead = (name) => name === 'apollo' ? ['cat', 'records'] : undefined;
  return await ran(spawn(process.execPath, [made.bench.cli, 'transfer', ...words], { cwd: home, env: { PATH: process.env['PATH'], HOLDFAST_HOME: made.bench.home, HOLDFAST_OFFLINE: '1' } }));
}

test.each([
  ['.bashrc', ['apollo:notes.txt', '.'], file('.bashrc')],
  ['.ssh', ['apollo:notes.txt', '.'], [...folder('.ssh'), ...file('.ssh', 'authorized_keys')]],
  ['.ssh', ['-r', 'apollo:/srv/notes', '.'], [...folder('.ssh'), ...file('.ssh', 'authorized_keys')]],
  ['keys', ['-r', 'apollo:notes', '.'], [...folder('keys'), ...file('keys', 'authorized_keys')]],
  ['.', ['-r', 'apollo:notes', '.'], [...folder('.'), ...folder('.', '.ssh'), ...file('.', '.ssh', 'authorized_keys')]],
  ['notes', ['apollo:notes', '.'], [...folder('notes'), ...file('notes', 'authorized_keys')]],
  ['notes', ['-r', 'apollo:notes', '.'], [entry('link', ['notes'], { link: '.ssh' })]],
  ['plans', ['artemis:plans', 'apollo:notes', 'files'], file('plans')],
])('what was not asked for (%s) is refused, and nothing is touched: %j', { timeout: LONG }, async (name, words, records) => {
  await writeFile(join(made.home('artemis'), 'plans'), 'of artemis');
  const before = await look(home);
  const { code, stderr } = await transfer(words, records);
  expect([code, stderr]).toEqual([2, expect.stringMatching(new RegExp(`^transfer failed: what apollo sends makes no sense: a (?:file|folder|link) that was not asked for: ${name}\\n`))]);
  if (words[0] === 'artemis:plans') expect(await readFile(join(home, 'files/plans'), 'utf8')).toBe('of artemis');
  else expect(await look(home)).toEqual(before);
});

test('a link that leads to the keys is not followed by what comes after it, from this guest or another', { timeout: LONG }, async () => {
  const before = await look(join(home, '.ssh'));
  await mkdir(join(made.home('artemis'), 'a'), { recursive: true });
  await writeFile(join(made.home('artemis'), 'a/authorized_keys'), 'of artemis');
  const links = [...folder('.'), entry('link', ['.', 'a'], { link: '../.ssh' }), entry('link', ['.', 'b'], { link: '../.bashrc' })];
  expect(await transfer(['-r', 'apollo:.', 'files'], [...links, ...folder('.', 'a'), ...file('.', 'a', 'authorized_keys')])).toMatchObject({ code: 2, stderr: expect.stringContaining('files/a is a link') });
  expect(await transfer(['-r', 'apollo:.', 'artemis:a', 'files'], links)).toMatchObject({ code: 2, stderr: expect.stringContaining('files/a is a link') });
  expect(await transfer(['apollo:b', 'files'], file('b'))).toMatchObject({ code: 0 });
  expect([await look(join(home, '.ssh')), await readFile(join(home, '.bashrc'), 'utf8'), await readFile(join(home, 'files/b'), 'utf8')]).toEqual([before, 'mine', 'evil']);
});
