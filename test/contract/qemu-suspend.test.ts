/** What a daemon that was killed over a suspend leaves to the next one, on real QEMU with an empty disk. */
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { MachineSpec } from '../../src/drivers/driver.ts';
import type { QemuMachine } from '../../src/drivers/qemu/machine.ts';
import type { QemuDriver } from '../../src/drivers/qemu/qemu-driver.ts';
import type { CommandResults } from '../../src/drivers/qemu/qmp/messages.ts';
import type { MachineState } from '../../src/drivers/qemu/state-file.ts';
import { makeQemu, startQemu, type QemuUnderTest } from './qemu-under-test.ts';
import { work } from './under-test.ts';

describe('a suspend', { timeout: 60_000 }, () => {
  let under: QemuUnderTest;
  let driver: QemuDriver;
  let machine: MachineSpec;
  let running: QemuMachine;
  let end: () => Promise<void>;

  beforeEach(async () => { ({ under, driver, machine, running, end } = await startQemu()); });
  afterEach(async () => {
    await running[Symbol.asyncDispose]();
    await end();
  });

  const at = (name: string) => join(under.home, 'instances/00c0ffee', name);
  const state = async () => JSON.parse(await readFile(at('machine.json'), 'utf8')) as MachineState;

  /** A daemon that is killed when QEMU has done this: what it would have done then, it does not. */
  const killedAfter = async (command: keyof CommandResults, isIt: (result: unknown) => boolean = () => true) => {
    const { monitor } = running;
    const { promise: killed, resolve: kill } = Promise.withResolvers<void>();
    const execute = monitor.execute.bind(monitor);
    monitor.execute = async (name, args, deadlineMs) => {
      const result = await execute(name, args, deadlineMs);
      if (name !== command || !isIt(result)) return result;
      kill();
      return await new Promise<never>(() => {});
    };
    driver.suspend(machine, work()).catch(() => undefined);
    await killed;
    await running[Symbol.asyncDispose]();
  };
  const nextDaemon = async () => {
    driver = under.daemon();
    const found = await driver.adopt(machine);
    if (found === undefined || !('guest' in found)) throw new Error('it was not taken over');
    running = found as QemuMachine;
  };
  const status = async () => (await running.monitor.execute('query-status')).status;
  const canBeSuspended = async () => {
    await driver.suspend(machine, work());
    expect(await under.daemon().adopt(machine)).toEqual({ end: { kind: 'suspended' } });
  };

  test('that a daemon was killed over when the guest stood still: it goes on under the next one, and what was half saved is gone', async () => {
    await killedAfter('stop');
    await writeFile(at('suspended.tmp'), 'half');
    await nextDaemon();
    expect([await status(), (await state()).run?.suspending]).toEqual(['running', undefined]);
    await expect(access(at('suspended.tmp'))).rejects.toMatchObject({ code: 'ENOENT' });
    await canBeSuspended();
  });

  test('that a daemon was killed over when all was saved, and not yet recorded: the guest goes on, and is saved anew', async () => {
    await killedAfter('query-migrate', (result) => (result as CommandResults['query-migrate']).status === 'completed');
    await nextDaemon();
    expect(await status()).toBe('running');
    await canBeSuspended();
  });

  test('that was not under way is no reason to go on: who has paused a machine finds it so', async () => {
    await running.monitor.execute('stop');
    await running[Symbol.asyncDispose]();
    await nextDaemon();
    expect(await status()).toBe('paused');
  });

  test.each([['a snapshot', (now: MachineState): MachineState => ({ ...now, live: 'a'.repeat(16) })], ['a suspend', ({ run, ...now }: MachineState): MachineState => ({ ...now, run: run && { ...run, suspending: true } })]])(
    'a guest that panicked is not let go on by a daemon that ends %s which an earlier one was killed over', async (_what, interrupted) => {
      await running.monitor.execute('stop');
      await running[Symbol.asyncDispose]();
      const { run, ...rest } = interrupted(await state());
      await writeFile(at('machine.json'), JSON.stringify({ ...rest, run: run && { ...run, end: { kind: 'panicked', reason: 'Oops' } } }));
      await nextDaemon();
      expect([await status(), running.end, (await state()).live, (await state()).run?.suspending]).toEqual(['paused', { kind: 'panicked', reason: 'Oops' }, undefined, undefined]);
    },
  );

  test('a guest that panicked is not let go on by a daemon that finds its clock not set', async () => {
    await running.monitor.execute('stop');
    await running[Symbol.asyncDispose]();
    const { run, ...rest } = await state();
    await writeFile(at('machine.json'), JSON.stringify({ ...rest, run: run && { ...run, clockBehind: true, end: { kind: 'panicked', reason: 'Oops' } } }));
    await nextDaemon();
    expect([await status(), running.end]).toEqual(['paused', { kind: 'panicked', reason: 'Oops' }]);
  });
});

test.runIf(process.getuid?.() === 0)('a suspend begins by removing half a one that fills the disk', { timeout: 60_000 }, async () => {
  const under = await makeQemu({}, '320m');
  const driver = under.daemon();
  const machine = under.machine('00c0ffee');
  onTestFinished(async () => {
    await driver.remove(machine.id);
    await under.dispose();
  });
  await driver.create(machine, work());
  await using _running = await driver.start(machine, work());
  await writeFile(join(under.home, 'instances/00c0ffee/suspended.tmp'), Buffer.alloc(100 * 1024 * 1024));
  await driver.suspend(machine, work());
  expect(await under.daemon().adopt(machine)).toEqual({ end: { kind: 'suspended' } });
});
