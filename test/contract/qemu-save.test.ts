/** Saves of a running machine that fail half way: the guest goes on, its disk is known, and nobody else waits. */
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MachineSpec } from '../../src/drivers/driver.ts';
import type { QemuMachine } from '../../src/drivers/qemu/machine.ts';
import type { QemuDriver } from '../../src/drivers/qemu/qemu-driver.ts';
import type { CommandResults } from '../../src/drivers/qemu/qmp/messages.ts';
import type { MachineState } from '../../src/drivers/qemu/state-file.ts';
import { exists } from '../../src/host/exists.ts';
import { startQemu, type QemuUnderTest } from './qemu-under-test.ts';
import { work } from './under-test.ts';

const [FIRST, SECOND] = ['a'.repeat(16), 'b'.repeat(16)];

describe('a save that fails', { timeout: 60_000 }, () => {
  let under: QemuUnderTest;
  let driver: QemuDriver;
  let machine: MachineSpec;
  let running: QemuMachine;
  let end: () => Promise<void>;

  beforeEach(async () => { ({ under, driver, machine, running, end } = await startQemu()); });
  afterEach(async () => { await end(); });

  /** After QEMU has done a command, and before it is heard of. */
  const after = (command: keyof CommandResults, then: () => Promise<void>): void => {
    const execute = running.monitor.execute.bind(running.monitor);
    running.monitor.execute = async (name, args, deadlineMs) => {
      const result = await execute(name, args, deadlineMs);
      if (name === command) await then();
      return result;
    };
  };
  /** Its disk is being frozen until it is told to end. */
  const holdsTheTurn = (beside: QemuMachine) => {
    const { promise: busy, resolve: begin } = Promise.withResolvers<void>();
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    const execute = beside.monitor.execute.bind(beside.monitor);
    beside.monitor.execute = async (name, args, deadlineMs) => {
      if (name === 'blockdev-add') {
        begin();
        await over;
      }
      return await execute(name, args, deadlineMs);
    };
    return { busy, end };
  };
  const isRunning = async () => (await running.monitor.execute('query-status')).running;
  const boot = async (): Promise<number> => {
    await running.kill();
    await running[Symbol.asyncDispose]();
    running = await driver.start(machine, work()) as QemuMachine;
    return await under.markOf(running);
  };

  test('after QEMU has changed to the disk above: what is written from then on is the machine\'s, though it cannot be recorded at once', async () => {
    await under.mark(running, 1);
    const layers = join(under.home, 'layers');
    after('blockdev-snapshot', () => writeFile(layers, 'no directory'));
    await expect(driver.freezeLive(machine, FIRST, work())).rejects.toMatchObject({ code: 'ENOTDIR' });
    expect(await isRunning()).toBe(true);
    await under.mark(running, 2);
    await rm(layers);
    expect(await boot()).toBe(2);
  });

  test('is put in order before the next one, which is whole', async () => {
    const layers = join(under.home, 'layers');
    let broken = true;
    after('blockdev-snapshot', async () => { if (broken) await writeFile(layers, 'no directory'); });
    await expect(driver.freezeLive(machine, FIRST, work())).rejects.toMatchObject({ code: 'ENOTDIR' });
    broken = false;
    await rm(layers);
    await under.mark(running, 1);
    await driver.freezeLive(machine, SECOND, work());
    await under.mark(running, 2);
    expect(await boot()).toBe(2);
    await running.kill();
    await running[Symbol.asyncDispose]();
    await driver.revert(machine, SECOND, work());
    running = await driver.start(machine, work()) as QemuMachine;
    expect(await under.markOf(running)).toBe(1);
  });

  test('of which the machine did not run any more when it was to be put in order, does not come back after the disk is gone back to a snapshot', async () => {
    await running.kill();
    await running[Symbol.asyncDispose]();
    await driver.freeze(machine, FIRST, work());
    running = await driver.start(machine, work()) as QemuMachine;
    await under.mark(running, 1);
    after('blockdev-snapshot', () => running.kill());
    await expect(driver.freezeLive(machine, SECOND, work())).rejects.toThrow();
    await running[Symbol.asyncDispose]();
    await driver.revert(machine, FIRST, work());
    running = await driver.start(machine, work()) as QemuMachine;
    expect(await under.markOf(running)).toBe(0);
  });

  test.runIf(process.getuid?.() === 0)('or not: what the daemon gives to a machine\'s QEMU lies where only root can change what a name means', async () => {
    const given: string[] = [];
    const execute = running.monitor.execute.bind(running.monitor);
    running.monitor.execute = async (name, args, deadlineMs) => {
      if (name === 'migrate') given.push(String(args?.['uri']).replace(/^[a-z]+:/, ''));
      return await execute(name, args, deadlineMs);
    };
    await driver.freezeLive(machine, FIRST, work());
    await driver.suspend(machine, work());
    expect(given).toHaveLength(2);
    for (const path of given) {
      const { uid, mode } = await stat(dirname(path));
      expect([uid, mode & 0o022]).toEqual([0, 0]);
    }
    await driver.remove(machine.id);
    expect(await under.remains(machine.id)).toEqual([]);
  });

  test('when it has stopped the guest and does not hear of it: the guest goes on', async () => {
    after('stop', () => Promise.reject(new Error('the monitor did not answer stop')));
    await expect(driver.suspend(machine, work())).rejects.toThrow('did not answer stop');
    expect(await isRunning()).toBe(true);
    await expect(driver.freezeLive(machine, FIRST, work())).rejects.toThrow('did not answer stop');
    expect(await isRunning()).toBe(true);
    await under.mark(running, 3);
    expect(await boot()).toBe(3);
  });

  describe.each([['when it stands still', 'stop'], ['while its memory is saved', 'migrate']] as const)('because its guest is heard to crash %s', (_when, command) => {
    const PANIC = { kind: 'panicked', reason: 'Kernel panic - not syncing: Oops' } as const;
    const state = async () => JSON.parse(await readFile(join(under.home, 'instances/00c0ffee/machine.json'), 'utf8')) as MachineState;
    beforeEach(() => {
      after(command, () => {
        Object.defineProperty(running.hypervisor, 'end', { value: PANIC });
        return Promise.resolve();
      });
    });

    test('is no snapshot; the guest is not let go on, and is booted the next time with what it had written', async () => {
      await under.mark(running, 1);
      await expect(driver.freezeLive(machine, FIRST, work())).rejects.toMatchObject({ code: 'machine-failed', message: expect.stringContaining(PANIC.reason) as string });
      expect([await isRunning(), (await state()).live]).toEqual([false, undefined]);
      expect(await boot()).toBe(1);
      await driver.freezeLive(machine, SECOND, work());
      expect(await isRunning()).toBe(true);
    });

    test('leaves nothing that it could be resumed to', async () => {
      await expect(driver.suspend(machine, work())).rejects.toMatchObject({ code: 'machine-failed', message: expect.stringContaining(PANIC.reason) as string });
      const { run, suspended } = await state();
      expect([await isRunning(), run?.suspending, suspended, await exists(join(under.home, 'instances/00c0ffee/suspended'))]).toEqual([false, undefined, undefined, false]);
    });
  });

  test('and one that waits until another machine\'s disk is frozen: its guest does not stand still for it', async () => {
    const other = under.machine('0badcafe');
    await driver.create(other, work());
    await using beside = await driver.start(other, work()) as QemuMachine;
    const { busy, end } = holdsTheTurn(beside);
    const first = driver.freezeLive(other, SECOND, work());
    await busy;
    const frozen = driver.freezeLive(machine, FIRST, work());
    await expect.poll(() => exists(join(under.home, 'instances/00c0ffee', `disk.qcow2-${FIRST}`)), { timeout: 10_000 }).toBe(true);
    expect([await isRunning(), (await beside.monitor.execute('query-status')).running]).toEqual([true, false]);
    end();
    await Promise.all([first, frozen]);
    expect(await isRunning()).toBe(true);
  });

  test('or is called off while it waits for another machine\'s disk: it does not wait for it to the end, and nothing is left of it', async () => {
    const other = under.machine('0badcafe');
    await driver.create(other, work());
    await using beside = await driver.start(other, work()) as QemuMachine;
    const { busy, end } = holdsTheTurn(beside);
    const first = driver.freezeLive(other, SECOND, work());
    await busy;
    const abort = new AbortController();
    const frozen = driver.freezeLive(machine, FIRST, work(abort.signal));
    const above = join(under.home, 'instances/00c0ffee', `disk.qcow2-${FIRST}`);
    // Its mode is set when it is whole.
    await expect.poll(async () => (await stat(above).catch(() => undefined))?.mode, { timeout: 10_000 }).toBe(0o100600);
    abort.abort(new Error('called off'));
    await expect(frozen).rejects.toThrow('called off');
    expect([await exists(above), await isRunning(), (await beside.monitor.execute('query-status')).running]).toEqual([false, true, false]);
    end();
    await first;
    await driver.freezeLive(machine, FIRST, work());
    expect(await isRunning()).toBe(true);
  });

  test('and one that takes long: other machines\' disks do not wait for it, and its layer stays', async () => {
    const other = under.machine('0badcafe');
    await driver.create(other, work());
    const { promise: saving, resolve: begin } = Promise.withResolvers<void>();
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    after('migrate', async () => {
      begin();
      await over;
    });
    const frozen = driver.freezeLive(machine, FIRST, work());
    await saving;
    await driver.freeze(other, SECOND, work());
    await driver.sweepLayers(new Set());
    end();
    await frozen;
    expect(await isRunning()).toBe(true);
    await running.kill();
    expect(await driver.revert(machine, FIRST, work())).toEqual({ suspended: true });
  });
});
