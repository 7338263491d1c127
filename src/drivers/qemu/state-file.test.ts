import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { changeState, readState, recordClockSet, recordEnd, writeState, type MachineState } from './state-file.ts';

const RUN = { pid: 7, startTime: '42', bootId: null, startedAt: '2026-11-29T12:00:00Z', accelerator: 'tcg', settled: true, clockBehind: true, end: null } as const;
const SAVED = { format: 'stream', accelerator: 'tcg', cpus: 1, memoryBytes: 1024 } as const;
const STATE: MachineState = { version: 1, machineType: 'pc-q35-7.2', layout: 1, uid: null, run: RUN };

let directory = '';
let path = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hf-state-'));
  path = join(directory, 'machine.json');
  await writeState(path, STATE);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('what is recorded at once is all recorded: nobody writes over what another has changed', async () => {
  await Promise.all([
    recordClockSet(path, RUN.startedAt),
    changeState(path, (now) => ({ ...now, suspended: SAVED })),
    recordEnd(path, RUN, { kind: 'suspended' }),
    changeState(path, (now) => ({ ...now, layer: 'a'.repeat(16) })),
  ]);
  const { clockBehind: _, ...run } = RUN;
  expect(await readState(path)).toEqual({ ...STATE, suspended: SAVED, layer: 'a'.repeat(16), run: { ...run, end: { kind: 'suspended' } } });
});

test('one that fails keeps nobody from the next', async () => {
  const failed = changeState(path, () => { throw new Error('it cannot be'); });
  const next = changeState(path, (now) => ({ ...now, layer: 'b'.repeat(16) }));
  await expect(failed).rejects.toThrow('it cannot be');
  await next;
  expect((await readState(path))?.layer).toBe('b'.repeat(16));
});

test('of another run, and of a machine that was removed, nothing is recorded', async () => {
  await recordEnd(path, { pid: 7, startTime: '43' }, { kind: 'powered-off' });
  await recordClockSet(path, 'another');
  expect(await readState(path)).toEqual(STATE);
  await rm(directory, { recursive: true });
  await recordEnd(path, RUN, { kind: 'powered-off' });
  expect(await readState(path)).toBeUndefined();
});
