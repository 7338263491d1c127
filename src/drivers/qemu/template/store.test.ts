import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { idBytes, scrubIds } from './scrub.ts';
import { shapeKey, type TemplateShape } from './shape.ts';
import { TemplateStore } from './store.ts';

const shape: TemplateShape = {
  revision: 1, architecture: 'x86_64', imageDigest: 'd', imageFormat: 'qcow2', cpus: 1, memoryBytes: 1024, machineType: 'pc-q35-7.2',
  accelerator: 'tcg', qemu: '7.2.22 1-2', cpuModel: 'max', agentVersion: '0.3.0',
};
const identity = { name: 'n', instanceId: 'i', mac: 'm', machineId: '0'.repeat(32) };

let directory = '';
beforeEach(async () => { directory = await mkdtemp(join(tmpdir(), 'hf-templates-')); });
afterEach(async () => { await rm(directory, { recursive: true, force: true }); });

async function made(store: TemplateStore) {
  const staged = await store.stage(shape);
  await mkdir(staged.keys);
  for (const path of [staged.disk, staged.ram, staged.state]) await writeFile(path, 'something');
  return await store.commit(staged, { shape, identity, diskBytes: 5, createdAt: '2026-11-23T12:00:00Z' });
}

test('a template is found by its shape, and by no other', async () => {
  const store = new TemplateStore(directory);
  expect(await store.find(shape)).toBeUndefined();
  const { key } = await made(store);
  expect(key).toBe(shapeKey(shape));
  expect(await store.find(shape)).toMatchObject({ key, record: { identity } });
  for (const other of [{ cpus: 2 }, { qemu: '8.2' }, { cpuModel: 'other' }, { imageDigest: 'e' }, { agentVersion: '1' }]) {
    expect(await store.find({ ...shape, ...other })).toBeUndefined();
  }
});

test.each(['disk', 'ram', 'state', 'record'] as const)('one whose %s is damaged is told, and gone', async (part) => {
  const store = new TemplateStore(directory);
  const { files } = await made(store);
  await truncate(files[part], 3);
  await expect(store.find(shape)).rejects.toMatchObject({ code: 'machine-failed' });
  expect(await readdir(directory)).toEqual([]);
  expect(await store.find(shape)).toBeUndefined();
});

test('what was not finished is no template, and is swept', async () => {
  const store = new TemplateStore(directory);
  await store.stage(shape);
  expect(await store.all()).toEqual([]);
  await store.sweep();
  expect(await readdir(directory)).toEqual([]);
});

test('ids are wiped wherever they stand in memory, across the pieces it is read in too', async () => {
  const id = idBytes('0ed4105e-9200-408b-841c-b2ffb40e2bfe');
  const path = join(directory, 'ram');
  const piece = 1024 * 1024;
  const memory = Buffer.alloc(2 * piece);
  for (const at of [0, 5000, piece - 7, memory.length - 16]) id.copy(memory, at);
  await writeFile(path, memory);
  expect(await scrubIds(path, [id])).toEqual([4]);
  expect(await scrubIds(path, [id])).toEqual([0]);
});

test('one that a newer Holdfast made is refused by name, and neither removed nor replaced', async () => {
  const store = new TemplateStore(directory);
  const { files } = await made(store);
  const text = JSON.stringify({ version: 2 });
  await writeFile(files.record, text);
  await expect(store.find(shape)).rejects.toMatchObject({ code: 'home-too-new' });
  await expect(made(store)).rejects.toMatchObject({ code: 'home-too-new' });
  await store.sweep();
  expect(await store.all()).toEqual([]);
  expect(await readFile(files.record, 'utf8')).toBe(text);
});
