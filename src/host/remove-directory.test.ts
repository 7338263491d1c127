import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nameBeforeRemoval, removeDirectory } from './remove-directory.ts';

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hf-remove-'));
});

afterEach(() => rm(home, { recursive: true, force: true }));

test('a directory is removed while a program keeps writing new files by its name', async () => {
  const path = join(home, 'a');
  await mkdir(join(path, 'deep'), { recursive: true });
  for (let i = 0; i < 200; i += 1) await writeFile(join(path, 'deep', `${i}`), '');
  const state = { refused: false, written: 0 };
  const writing = (async () => {
    while (!state.refused) {
      await writeFile(join(path, 'deep', `new-${state.written}`), '').then(() => { state.written += 1; }, () => { state.refused = true; });
    }
  })();
  await expect.poll(() => state.written).toBeGreaterThan(3);
  await removeDirectory(path);
  await writing;
  expect(await readdir(home)).toEqual([]);
});

test('nothing there is no error, and what an interrupted removal left goes too', async () => {
  await removeDirectory(join(home, 'b'));
  await mkdir(join(home, 'b.gone', 'left'), { recursive: true });
  await removeDirectory(join(home, 'b'));
  expect(await readdir(home)).toEqual([]);
});

test('a trace of a removal tells whose it was', () => {
  expect(['00c0ffee', '00c0ffee.gone', 'x.gone.y'].map(nameBeforeRemoval)).toEqual(['00c0ffee', '00c0ffee', 'x.gone.y']);
});
