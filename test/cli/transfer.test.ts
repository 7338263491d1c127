/** The built program and the program that it starts in a guest, on real files: only the daemon between them is a stand-in. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeTransferBench, type TransferBench } from './transfer/guest.ts';
import { look, plantTree, taken } from './transfer/tree.ts';

const LONG = { timeout: 60_000 };
const MIB = 1024 * 1024;

let made: TransferBench;
let here: string;
let apollo: string;
beforeEach(async () => {
  made = await makeTransferBench();
  here = await mkdtemp(join(tmpdir(), 'hf-transfer-'));
  apollo = made.home('apollo');
});
afterEach(async () => {
  await made[Symbol.asyncDispose]();
  await rm(here, { recursive: true, force: true });
});

const run = (words: readonly string[], input?: string | Uint8Array) => made.bench.run(['transfer', ...words], input);
const nothing = { code: 0, stdout: '', stderr: '' };

test('a tree goes in and comes out with modes, times, links, holes and names of any octets', LONG, async () => {
  await plantTree(join(here, 'tree'));
  const before = await look(join(here, 'tree'));
  expect(await run(['-r', join(here, 'tree'), 'apollo:'])).toEqual(nothing);
  expect(await look(join(apollo, 'tree'))).toEqual(before);
  expect(await run(['-r', 'apollo:tree', join(here, 'back')])).toEqual(nothing);
  expect(await look(join(here, 'back'))).toEqual(before);
  for (const place of [join(apollo, 'tree/holes'), join(here, 'back/holes')]) expect(await taken(place)).toBeLessThan(MIB);
  expect(made.requests.map(({ bulk }) => bulk)).toEqual([true, true]);
});

test('one file is put into a directory that is there, and has the name that is given where there is none', LONG, async () => {
  await writeFile(join(here, 'notes'), 'new');
  await mkdir(join(apollo, 'there'));
  await writeFile(join(apollo, 'old'), 'old');
  for (const target of ['apollo:', 'apollo:there', 'apollo:there/', 'apollo:there/named', 'apollo:old']) expect(await run([join(here, 'notes'), target])).toEqual(nothing);
  const each = await Promise.all(['notes', 'there/notes', 'there/named', 'old'].map((name) => readFile(join(apollo, name), 'utf8')));
  expect(each).toEqual(['new', 'new', 'new', 'new']);
  expect(await run(['apollo:notes', join(here, 'back')])).toEqual(nothing);
  expect(await run(['apollo:notes', 'apollo:old', here])).toEqual(nothing);
  expect((await readdir(here)).toSorted()).toEqual(['back', 'notes', 'old']);
});

test('what is missing above the destination is made with --parents only', LONG, async () => {
  await writeFile(join(here, 'notes'), 'new');
  expect(await run([join(here, 'notes'), 'apollo:a/b/c'])).toEqual({ code: 2, stdout: '', stderr: 'transfer failed: apollo:a/b does not exist; --parents makes it\n' });
  expect(await run(['-p', join(here, 'notes'), 'apollo:a/b/c'])).toEqual(nothing);
  expect(await run(['apollo:a/b/c', join(here, 'x/y')])).toEqual({ code: 2, stdout: '', stderr: `transfer failed: ${join(here, 'x')}/ does not exist\nmake it as well: --parents\n` });
  expect(await run(['-p', 'apollo:a/b/c', join(here, 'x/y')])).toEqual(nothing);
  expect(await readFile(join(here, 'x/y'), 'utf8')).toBe('new');
});

test('a directory\'s contents go into another where "." is named, and what was there stays', LONG, async () => {
  await mkdir(join(here, 'a/sub'), { recursive: true });
  await writeFile(join(here, 'a/sub/one'), '1');
  await mkdir(join(apollo, 'b/sub'), { recursive: true });
  await writeFile(join(apollo, 'b/sub/two'), '2');
  expect(await run(['-r', `${here}/a/.`, 'apollo:b'])).toEqual(nothing);
  expect((await readdir(join(apollo, 'b/sub'))).toSorted()).toEqual(['one', 'two']);
  expect(await run(['-r', 'apollo:b/.', join(here, 'a')])).toEqual(nothing);
  expect((await readdir(join(here, 'a/sub'))).toSorted()).toEqual(['one', 'two']);
});

test('the standard streams are a file\'s content', LONG, async () => {
  const content = Buffer.alloc(3 * MIB, 'octets\0\xff', 'latin1');
  expect(await run(['-', 'apollo:in'], content)).toEqual(nothing);
  expect(content.equals(await readFile(join(apollo, 'in')))).toBe(true);
  const child = made.bench.start(['transfer', 'apollo:in', '-']);
  const got: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => got.push(chunk));
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(content.equals(Buffer.concat(got))).toBe(true);
  expect(await run(['-', 'apollo:'], 'words')).toMatchObject({ code: 2, stderr: expect.stringMatching(/^transfer failed: apollo:\S* is a directory\n$/) });
});

test.each([
  [['notes', 'apollo:missing/'], /^transfer failed: apollo:missing\/ does not exist, and would be a directory\n$/],
  [['folder', 'apollo:'], /^transfer failed: \S*folder is a directory\ntake it with what is in it: --recursive\n$/],
  [['nothing', 'apollo:'], /^transfer failed: cannot read \S*nothing: no such file or directory\n$/],
  [['notes', 'folder/inside', 'apollo:file'], /^transfer failed: apollo:file is no directory, and there are several sources\n$/],
  [['-r', 'folder', 'apollo:file'], /^transfer failed: apollo:file is there and is no directory\n$/],
  [['notes', 'apollo:/proc/new'], /^transfer failed: apollo:\/proc\/new cannot be written: /],
  [['apollo:file', '/proc/new'], /^transfer failed: cannot write \/proc\/new: /],
  [['apollo:gone', '.'], /^transfer failed: apollo:gone cannot be read: No such file or directory\n$/],
  [['apollo:there', '.'], /^transfer failed: apollo:there is a directory; --recursive takes it\n$/],
  [['apollo:file', 'folder/nowhere/x'], /^transfer failed: folder\/nowhere\/ does not exist\n/],
] as const)('%j is refused, and nothing is made', LONG, async (words, said) => {
  await mkdir(join(here, 'folder'));
  await writeFile(join(here, 'folder/inside'), '');
  await writeFile(join(here, 'notes'), 'notes');
  await mkdir(join(apollo, 'there'));
  await writeFile(join(apollo, 'file'), 'kept');
  const before = [await look(here), await look(apollo)];
  const child = spawn(process.execPath, [made.bench.cli, 'transfer', ...words], { cwd: here, env: { PATH: process.env['PATH'], HOLDFAST_HOME: made.bench.home, HOLDFAST_OFFLINE: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString(); });
  expect(await once(child, 'close')).toEqual([2, null]);
  expect(stderr).toMatch(said);
  expect([await look(here), await look(apollo)]).toEqual(before);
});

test('of several sources one that cannot be read keeps no other back, and is told at the end', LONG, async () => {
  await mkdir(join(here, 'folder'));
  await writeFile(join(here, 'one'), '1');
  await writeFile(join(here, 'two'), '2');
  const into = await run([join(here, 'one'), join(here, 'nothing'), join(here, 'folder'), join(here, 'two'), 'apollo:']);
  expect(into.code).toBe(2);
  expect(into.stderr).toMatch(/^transfer failed: The following errors occurred:\ncannot read \S*\/nothing: no such file or directory\n\S*\/folder is a directory\n/);
  expect((await readdir(apollo)).toSorted()).toEqual(['one', 'two']);
  await mkdir(join(here, 'back'));
  const back = await run(['apollo:one', 'apollo:nothing', 'apollo:two', join(here, 'back')]);
  expect([back.code, back.stderr]).toEqual([2, 'transfer failed: The following errors occurred:\napollo:nothing cannot be read: No such file or directory\n']);
  expect((await readdir(join(here, 'back'))).toSorted()).toEqual(['one', 'two']);
});

test.each([
  [['a', 'b'], 'Neither the source nor the destination is in an instance'],
  [['apollo:a', 'artemis:b'], 'Both the source and the destination are in an instance'],
  [['apollo:a', 'b', 'c'], 'Some sources are in an instance and some are here'],
  [['-', '-'], 'A standard stream can be one end of a transfer only'],
  [['-', 'b', 'apollo:'], 'With a standard stream there is one source and one destination'],
  [['-r', '-', 'apollo:x'], 'Option --recursive has no sense for a standard stream'],
  [['a'], 'Wrong number of arguments given'],
])('the words %j are refused', LONG, async (words, said) => {
  const { code, stderr } = await run(words);
  expect([code, stderr.split('\n')[0]]).toEqual([1, said]);
  expect(made.requests).toEqual([]);
});

test('a transfer that is cut off leaves what was there, on either side', LONG, async () => {
  await writeFile(join(here, 'big'), Buffer.alloc(64 * MIB, 'new'));
  await writeFile(join(apollo, 'big'), 'old');
  const going = made.bench.start(['transfer', join(here, 'big'), 'apollo:']);
  await untilThere(apollo, /^\.holdfast-/);
  going.kill('SIGKILL');
  await once(going, 'close');
  await Promise.all([...made.programs].map((program) => once(program, 'close')));
  expect(await readdir(apollo)).toEqual(['big']);
  expect(await readFile(join(apollo, 'big'), 'utf8')).toBe('old');

  await writeFile(join(apollo, 'big'), Buffer.alloc(64 * MIB, 'new'));
  await mkdir(join(here, 'to'));
  await writeFile(join(here, 'to/big'), 'old');
  const coming = made.bench.start(['transfer', 'apollo:big', join(here, 'to')]);
  await untilThere(join(here, 'to'), /^\.holdfast-/);
  coming.kill('SIGINT');
  expect(await once(coming, 'close')).toEqual([2, null]);
  expect(await readdir(join(here, 'to'))).toEqual(['big']);
  expect(await readFile(join(here, 'to/big'), 'utf8')).toBe('old');
});

test('a file that changes while it is read is told of, and comes as it was read', LONG, async () => {
  const file = join(apollo, 'log');
  await writeFile(file, Buffer.alloc(8 * MIB, 'x'));
  made.onSent = () => {
    made.onSent = undefined;
    void appendFile(file, 'more');
  };
  const { code, stderr } = await run(['apollo:log', join(here, 'log')]);
  expect([code, stderr]).toEqual([0, 'apollo:log changed while it was read\n']);
  const { size } = await stat(join(here, 'log'));
  expect(size).toBe(8 * MIB + 4);
});

test('what is no file, directory or link is left out and told of', LONG, async () => {
  await mkdir(join(apollo, 'd'));
  await writeFile(join(apollo, 'd/file'), '');
  await symlink('file', join(apollo, 'd/link'));
  await once(spawn('mkfifo', [join(apollo, 'd/pipe')]), 'close');
  expect(await run(['-r', 'apollo:d', here])).toEqual({ ...nothing, stderr: 'apollo:d/pipe is no file, directory or link, and was left out\n' });
  expect(await run(['-r', join(here, 'd'), 'apollo:e'])).toEqual(nothing);
  expect((await readdir(join(apollo, 'e'))).toSorted()).toEqual(['file', 'link']);
});

test('a guest without Python is told of, and what mends it', LONG, async () => {
  made.instead = () => ['sh', '-c', 'echo "bash: python3: command not found" >&2; exit 127'];
  expect(await run(['apollo:x', here])).toEqual({ code: 2, stdout: '', stderr: 'transfer failed: apollo has no Python, which a transfer needs there\nput it back: holdfast doctor --fix apollo\n' });
});

async function untilThere(directory: string, name: RegExp): Promise<void> {
  for (;;) {
    if ((await readdir(directory)).some((each) => name.test(each))) return;
    await new Promise((resolve) => { setTimeout(resolve, 1); });
  }
}
