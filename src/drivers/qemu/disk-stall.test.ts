import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { DiskStall } from './disk-stall.ts';

test('it is said once why it is paused, and it goes on by itself when there is space', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hf-stall-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const causes: string[] = [];
  const gone = Promise.withResolvers<string | null>();
  using stall = new DiskStall({
    name: 'apollo', directory, log: (cause) => causes.push(cause),
    goOn: () => {
      gone.resolve(stall.reason);
      return Promise.resolve();
    },
  });
  expect(stall.reason).toBeNull();
  stall.begin();
  stall.begin();
  expect([causes, stall.reason?.includes(directory)]).toEqual([['disk-full'], true]);
  expect(await gone.promise).toBeNull();
  await expect.poll(() => causes, { timeout: 10_000 }).toEqual(['disk-full', 'disk-space']);
});

test('one that cannot be let go on is told of, and may stall again', async () => {
  const told: string[] = [];
  using stall = new DiskStall({
    name: 'apollo', directory: tmpdir(), log: (_cause, message) => told.push(message), goOn: () => Promise.reject(new Error('the monitor is gone')),
  });
  stall.begin();
  await expect.poll(() => told.at(-1), { timeout: 10_000 }).toBe('apollo: it cannot be let go on: the monitor is gone');
  expect(stall.reason).toBeNull();
});
