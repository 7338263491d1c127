/** What a hostile guest sends stays below the destination, and is refused in words. */
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dataRecord, jsonRecord, RECORD, RecordReader, type TransferRecord } from './records.ts';
import { LocalTarget } from './local-target.ts';

let scratch: string;
let to: string;
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'hf-target-'));
  to = join(scratch, 'to');
  await mkdir(to);
  await mkdir(join(scratch, 'outside'));
  await writeFile(join(scratch, 'outside/precious'), 'kept');
});
afterEach(async () => { await rm(scratch, { recursive: true, force: true }); });

const modified = [1_000_000_000, 0];
const entry = (kind: string, path: readonly string[], more: object = {}) => jsonRecord(RECORD.entry, { path, kind, mode: 0o644, modified, ...more });
const file = (path: readonly string[], content: string) => [entry('file', path), dataRecord(0, Buffer.from(content)), jsonRecord(RECORD.end, { size: content.length })];

/** To a person who asked for `a` and `b`, or for what `sources` say. */
async function send(records: readonly Uint8Array[], path = to, { sources = ['a', '/srv/b'], recursive = true } = {}): Promise<void> {
  await using target = await LocalTarget.open({ path, parents: false, sources, recursive, many: false });
  const reader = new RecordReader();
  for (const bytes of records) for (const record of reader.read(bytes)) await target.take(record);
}
const outside = async () => [await readdir(scratch), await readdir(join(scratch, 'outside')), await readFile(join(scratch, 'outside/precious'), 'utf8')];
const UNTOUCHED = [['outside', 'to'], ['precious'], 'kept'];

test.each([
  ['a name that leads up', [...file(['..'], 'x')]],
  ['a name with a slash', [...file(['a/b'], 'x')]],
  ['a name that leads up further in', [entry('folder', ['a']), ...file(['a', '..'], 'x')]],
  ['an absolute name', [...file(['/etc'], 'x')]],
  ['an empty name', [...file([''], 'x')]],
  ['a name with NUL', [...file(['a\0'], 'x')]],
  ['a character that is no octet', [...file(['\u0100'], 'x')]],
  ['a file in a directory that did not come', [...file(['a', 'b'], 'x')]],
  ['a file in the place of a directory that came', [entry('folder', ['a']), ...file(['a'], 'x')]],
  ['data without a file', [dataRecord(0, Buffer.from('x'))]],
  ['an entry inside a file', [entry('file', ['a']), entry('file', ['b'])]],
  ['an end without a file', [jsonRecord(RECORD.end, { size: 1 })]],
  ['a size below nothing', [entry('file', ['a']), jsonRecord(RECORD.end, { size: -1 })]],
  ['a place that no file has', [entry('file', ['a']), dataRecord(2 ** 60, Buffer.from('x'))]],
  ['done inside a file', [entry('file', ['a']), jsonRecord(RECORD.done, {})]],
  ['a file that was not asked for', [...file(['.bashrc'], 'x')]],
  ['a directory that was not asked for', [entry('folder', ['.ssh'])]],
  ['what is in the destination where it was not asked for', [entry('folder', ['.']), ...file(['.', '.bashrc'], 'x')]],
  ['a link in the place of what was asked for', [entry('link', ['a'], { link: '/etc' })]],
])('%s is refused', async (_, records) => {
  await expect(send(records)).rejects.toThrow(/^(?:an|a|the|data|done|something) |^what the guest sent is no record/);
  expect(await outside()).toEqual(UNTOUCHED);
  expect((await readdir(to)).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('nothing but a file comes where no directory was asked for', async () => {
  for (const records of [[entry('folder', ['a'])], [entry('folder', ['a']), ...file(['a', 'x'], 'x')], [entry('link', ['a'], { link: 'x' })]]) {
    for (const path of [to, join(scratch, 'new')]) await expect(send(records, path, { recursive: false })).rejects.toThrow('that was not asked for: a');
  }
  expect([await outside(), await readdir(to)]).toEqual([UNTOUCHED, []]);
});

test.each([
  ['notes.txt', 'notes.txt'], ['/srv/notes.txt', 'notes.txt'], ['../notes.txt', 'notes.txt'], ['/srv/', 'srv'], ['/srv//', 'srv'], ['caf\u00e9', 'caf\u00c3\u00a9'],
  ['', '.'], ['.', '.'], ['/', '.'], ['..', '.'], ['/srv/.', '.'], ['/srv/./', '.'], ['/srv/..', '.'],
])('who asks for %j gets %j, and nothing else', async (source, root) => {
  await send([entry('folder', [root]), ...file([root, 'in'], 'x'), jsonRecord(RECORD.done, {})], to, { sources: [source] });
  await expect(send(file(['in'], 'x'), to, { sources: [source] })).rejects.toThrow('a file that was not asked for: in');
  await expect(send([entry('folder', [root === '.' ? 'srv' : '.'])], to, { sources: [source] })).rejects.toThrow('a folder that was not asked for');
});

test('a link that came is never followed, nor by what has its name afterwards', async () => {
  const sources = ['.', 'a', 'b'];
  const all = entry('folder', ['.']);
  const link = entry('link', ['.', 'a'], { link: join(scratch, 'outside') });
  const precious = entry('link', ['.', 'b'], { link: join(scratch, 'outside/precious') });
  for (const name of [['a'], ['.', 'a']]) {
    await expect(send([all, link, entry('folder', name), ...file([...name, 'precious'], 'changed')], to, { sources })).rejects.toThrow('is a link');
    expect(await outside()).toEqual(UNTOUCHED);
  }
  for (const name of [['b'], ['.', 'b']]) {
    await send([all, precious, ...file(name, 'changed'), jsonRecord(RECORD.done, {})], to, { sources });
    expect(await outside()).toEqual(UNTOUCHED);
    expect((await lstat(join(to, 'b'))).isFile()).toBe(true);
  }
});

test('nor is it by the next transfer, or by what another guest sends in the same', async () => {
  const link = (name: string, leads: string) => entry('link', ['.', name], { link: join(scratch, leads) });
  await send([entry('folder', ['.']), link('notes', 'outside/precious'), link('sub', 'outside'), jsonRecord(RECORD.done, {})], to, { sources: ['.'] });
  await send([...file(['notes'], 'came'), jsonRecord(RECORD.done, {})], to, { sources: ['notes'] });
  await expect(send([entry('folder', ['sub']), ...file(['sub', 'precious'], 'changed')], to, { sources: ['sub'] })).rejects.toThrow('is a link');
  expect([await outside(), await readFile(join(to, 'notes'), 'utf8')]).toEqual([UNTOUCHED, 'came']);
});

test('a link that a person names as the destination is followed, one further in is not', async () => {
  await symlink('../outside/precious', join(to, 'mine'));
  await symlink('d', join(to, 'into'));
  await mkdir(join(to, 'd'));
  await symlink('../../outside/precious', join(to, 'd/a'));
  await symlink('../../outside', join(to, 'd/b'));
  await send([...file(['a'], 'came'), jsonRecord(RECORD.done, {})], join(to, 'into'));
  await expect(send([entry('folder', ['b']), ...file(['b', 'precious'], 'x')], join(to, 'into'))).rejects.toThrow('is a link');
  expect([await outside(), await readFile(join(to, 'd/a'), 'utf8')]).toEqual([UNTOUCHED, 'came']);
  await send([...file(['a'], 'came'), jsonRecord(RECORD.done, {})], join(to, 'mine'));
  expect(await readFile(join(scratch, 'outside/precious'), 'utf8')).toBe('came');
});

test('whatever comes, nothing is changed but what was asked for', { timeout: 60_000 }, async () => {
  const name = fc.constantFrom('a', 'b', 'c', '.', '..', 'outside', '/', '');
  const path = fc.array(name, { minLength: 1, maxLength: 3 });
  const one = fc.oneof(
    fc.record({ kind: fc.constantFrom('file', 'folder'), path }).map(({ kind, path: where }) => entry(kind, where)),
    fc.record({ path, link: fc.constantFrom('..', '../outside', '../outside/precious', '/', 'a', 'c') }).map(({ path: where, link }) => entry('link', where, { link })),
    fc.nat(10).map((at) => dataRecord(at, Buffer.from('changed'))),
    fc.nat(20).map((size) => jsonRecord(RECORD.end, { size })),
    fc.constant(jsonRecord(RECORD.done, {})),
  );
  const asked = fc.record({ sources: fc.subarray(['a', '/srv/b', '.']), recursive: fc.boolean() });
  await fc.assert(fc.asyncProperty(fc.array(one, { maxLength: 12 }), fc.constantFrom('', 'a', 'mine'), asked, async (records, named, { sources, recursive }) => {
    await rm(to, { recursive: true, force: true });
    await mkdir(join(to, 'kept'), { recursive: true });
    await writeFile(join(to, 'kept/mine'), 'kept');
    await symlink('kept', join(to, 'c'));
    await symlink('kept/mine', join(to, 'b'));
    await symlink('a', join(to, 'mine'));
    await send(records, named ? join(to, named) : to, { sources, recursive }).catch(() => {});
    expect([await outside(), await readFile(join(to, 'kept/mine'), 'utf8')]).toEqual([UNTOUCHED, 'kept']);
    // Of what was not asked for there is nothing new, and what was there is what it was.
    const isAsked = (each: string) => each === 'kept' || sources.includes('.') || (named ? ['a', named].includes(each) : sources.some((source) => basename(source) === each));
    const others = (await readdir(to)).filter((each) => !isAsked(each));
    expect(others.filter((each) => !['b', 'c', 'mine'].includes(each))).toEqual([]);
    for (const each of others) expect((await lstat(join(to, each))).isSymbolicLink()).toBe(true);
  }), { numRuns: 200 });
});

test('records are read however they come in pieces, and what is none is refused', () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 8 }), fc.integer({ min: 1, max: 20 }), (payloads, step) => {
    const whole = Buffer.concat(payloads.map((payload) => dataRecord(7, payload)));
    const reader = new RecordReader();
    const got: TransferRecord[] = [];
    for (let at = 0; at < whole.length; at += step) got.push(...reader.read(whole.subarray(at, at + step)));
    expect(got.map(({ payload }) => Buffer.from(payload).subarray(8).toString('hex'))).toEqual(payloads.map((payload) => Buffer.from(payload).toString('hex')));
  }));
  expect(() => [...new RecordReader().read(Buffer.from([0x64, 255, 255, 255, 255]))]).toThrow('no record');
  expect(() => [...new RecordReader().read(Buffer.from('Welcome to'))]).toThrow('no record');
});
