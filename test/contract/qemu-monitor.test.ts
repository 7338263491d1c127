/** A machine whose monitor is lost while its QEMU runs. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { MachineEnd } from '../../src/drivers/driver.ts';
import type { QemuMachine } from '../../src/drivers/qemu/machine.ts';
import type { MachineState } from '../../src/drivers/qemu/state-file.ts';
import { makeQemu, startQemu } from './qemu-under-test.ts';
import { work } from './under-test.ts';

test('it runs on, however long its monitor cannot be reached; when that is there again it is held as before, and a snapshot that was lost over it is ended', { timeout: 60_000 }, async () => {
  const under = await makeQemu();
  onTestFinished(() => under.dispose());
  const machine = under.machine('00c0ffee');
  const driver = under.daemon();
  await driver.create(machine, work());
  await using running = await driver.start(machine, work()) as QemuMachine;
  const pid = await under.pidOf(machine.id);
  const ends: MachineEnd[] = [];
  running.on({ ended: (end) => ends.push(end) });
  const at = (name: string) => join(under.home, name);
  await running.monitor.execute('stop');
  const state = JSON.parse(await readFile(at('instances/00c0ffee/machine.json'), 'utf8')) as object;
  await writeFile(at('instances/00c0ffee/machine.json'), JSON.stringify({ ...state, live: 'a'.repeat(16) }));
  const lost = running.monitor;
  await rename(at('run/00c0ffee/qmp'), at('run/00c0ffee/away'));
  await lost[Symbol.asyncDispose]();
  // Long enough for it to have been missed and looked for.
  await new Promise((resolve) => { setTimeout(resolve, 4_000); });
  expect([ends, running.end, process.kill(pid, 0)]).toEqual([[], undefined, true]);
  await rename(at('run/00c0ffee/away'), at('run/00c0ffee/qmp'));
  await expect.poll(() => running.monitor !== lost && !running.isPaused, { timeout: 15_000 }).toBe(true);
  expect((await running.monitor.execute('query-status')).running).toBe(true);
  await running.kill();
  expect(ends).toEqual([{ kind: 'powered-off' }]);
  await driver.remove(machine.id);
});

test('lost over a suspend, its guest goes on as soon as it can be told', { timeout: 60_000 }, async () => {
  const { under, driver, machine, running, end } = await startQemu();
  onTestFinished(end);
  const lost = running.monitor;
  const execute = lost.execute.bind(lost);
  lost.execute = async (name, args, deadlineMs) => {
    if (name === 'migrate') await lost[Symbol.asyncDispose]();
    return await execute(name, args, deadlineMs);
  };
  await expect(driver.suspend(machine, work())).rejects.toMatchObject({ code: 'machine-failed' });
  await expect.poll(() => running.monitor !== lost && !running.isPaused, { timeout: 15_000 }).toBe(true);
  const state = async () => JSON.parse(await readFile(join(under.home, 'instances/00c0ffee/machine.json'), 'utf8')) as MachineState;
  await expect.poll(async () => (await state()).run?.suspending).toBe(undefined);
  await driver.suspend(machine, work());
  expect(running.end).toEqual({ kind: 'suspended' });
});
