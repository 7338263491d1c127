/** What a hostile guest sends stays below the destination, and is refused in words. */
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

async function send(records: readonly Uint8Array[], path = to): Promise<void> {
  await using target = await LocalTarget.open({ path, parents: false, many: false });
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
])('%s is refused', async (_, records) => {
  await expect(send(records)).rejects.toThrow(/^(?:an|a|the|data|done|something) |^what the guest sent is no record/);
  expect(await outside()).toEqual(UNTOUCHED);
  expect((await readdir(to)).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('a link that came is never followed, nor by what has its name afterwards', async () => {
  const link = entry('link', ['a'], { link: join(scratch, 'outside') });
  await expect(send([link, entry('folder', ['a']), ...file(['a', 'precious'], 'changed')])).rejects.toThrow('is there and is no directory');
  expect(await outside()).toEqual(UNTOUCHED);
  await send([entry('link', ['b'], { link: join(scratch, 'outside/precious') }), ...file(['b'], 'changed'), jsonRecord(RECORD.done, {})]);
  expect(await outside()).toEqual(UNTOUCHED);
  expect((await lstat(join(to, 'b'))).isFile()).toBe(true);
  await expect(send([link, entry('folder', ['x']), entry('folder', ['y'])], join(scratch, 'to/new'))).rejects.toThrow('is there and is no directory');
  expect(await outside()).toEqual(UNTOUCHED);
});

test('a link that a person has made at the destination is followed, one further in is not', async () => {
  await symlink('../outside/precious', join(to, 'mine'));
  await mkdir(join(to, 'd'));
  await symlink('../../outside/precious', join(to, 'd/theirs'));
  await symlink('../../outside', join(to, 'd/sub'));
  await send([entry('folder', ['d']), ...file(['d', 'theirs'], 'came'), jsonRecord(RECORD.done, {})]);
  expect(await outside()).toEqual(UNTOUCHED);
  await expect(send([entry('folder', ['d']), entry('folder', ['d', 'sub']), ...file(['d', 'sub', 'precious'], 'x')])).rejects.toThrow('is there and is no directory');
  expect(await outside()).toEqual(UNTOUCHED);
  await send([...file(['mine'], 'came'), jsonRecord(RECORD.done, {})]);
  expect(await readFile(join(scratch, 'outside/precious'), 'utf8')).toBe('came');
});

test('whatever comes, nothing outside is changed', { timeout: 60_000 }, async () => {
  const name = fc.constantFrom('a', 'b', '.', '..', 'outside', '/', '');
  const path = fc.array(name, { minLength: 1, maxLength: 3 });
  const one = fc.oneof(
    fc.record({ kind: fc.constantFrom('file', 'folder'), path }).map(({ kind, path: where }) => entry(kind, where)),
    fc.record({ path, link: fc.constantFrom('..', '../outside', '../outside/precious', '/', 'a') }).map(({ path: where, link }) => entry('link', where, { link })),
    fc.nat(10).map((at) => dataRecord(at, Buffer.from('changed'))),
    fc.nat(20).map((size) => jsonRecord(RECORD.end, { size })),
    fc.constant(jsonRecord(RECORD.done, {})),
  );
  await fc.assert(fc.asyncProperty(fc.array(one, { maxLength: 12 }), fc.boolean(), async (records, named) => {
    await rm(to, { recursive: true, force: true });
    await mkdir(to);
    await send(records, named ? join(to, 'a') : to).catch(() => {});
    expect(await outside()).toEqual(UNTOUCHED);
  }), { numRuns: 150 });
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
