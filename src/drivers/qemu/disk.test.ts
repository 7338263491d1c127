import { execFile } from 'node:child_process';
import { chmod, chown, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { growOverlay, makeOverlay, virtualSize } from './disk.ts';

const MiB = 1024 * 1024;
const UID = 1_900_000_001;
const root = process.getuid?.() === 0;
const signal = AbortSignal.timeout(60_000);
let directory: string;
const at = (name: string): string => join(directory, name);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hf-disk-'));
  await chmod(directory, 0o755);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('the size of a disk is what its guest sees, whether what it lies on is there or not', async () => {
  await writeFile(at('image.raw'), '');
  await truncate(at('image.raw'), MiB + 1);
  expect(await virtualSize(at('image.raw'), 'raw')).toBe(MiB + 512);
  await makeOverlay(at('disk'), { path: at('image.raw'), format: 'raw' }, 5 * MiB, signal);
  await rm(at('image.raw'));
  expect(await virtualSize(at('disk'), 'qcow2')).toBe(5 * MiB);
});

test('a disk that keeps its data in another file is refused before anything opens it', async () => {
  await promisify(execFile)('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', `data_file=${at('elsewhere')}`, at('disk'), '1M']);
  const refused = { code: 'machine-failed', message: expect.stringContaining('external data file') as string };
  await expect(virtualSize(at('disk'), 'qcow2')).rejects.toMatchObject(refused);
  await expect(growOverlay(at('disk'), 2 * MiB, null, signal)).rejects.toMatchObject(refused);
  await writeFile(at('disk'), 'no disk');
  await expect(virtualSize(at('disk'), 'qcow2')).rejects.toThrow('is no qcow2');
});

test('a disk grows, and never shrinks, without what it says it lies on', async () => {
  await makeOverlay(at('disk'), { path: at('gone'), format: 'qcow2' }, MiB, signal);
  await growOverlay(at('disk'), 3 * MiB, null, signal);
  await growOverlay(at('disk'), 2 * MiB, null, signal);
  expect(await virtualSize(at('disk'), 'qcow2')).toBe(3 * MiB);
  const { stdout } = await promisify(execFile)('qemu-img', ['info', '-f', 'qcow2', '--output=json', at('disk')]);
  expect(JSON.parse(stdout)).toMatchObject({ 'backing-filename': at('gone'), 'backing-filename-format': 'qcow2' });
});

test.runIf(root)('it grows with the rights of its machine, and no others', async () => {
  await makeOverlay(at('disk'), { path: at('gone'), format: 'qcow2' }, MiB, signal);
  await chmod(at('disk'), 0o600);
  await expect(growOverlay(at('disk'), 3 * MiB, UID, signal)).rejects.toThrow(/Permission denied/);
  await chown(at('disk'), UID, UID);
  await growOverlay(at('disk'), 3 * MiB, UID, signal);
  expect(await virtualSize(at('disk'), 'qcow2')).toBe(3 * MiB);
});
