/** What a failure or a kill at each moment of a suspend and a resume leaves, on real QEMU with an empty disk. */
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Hold } from '../../src/core/instance.ts';
import type { MachineSpec } from '../../src/drivers/driver.ts';
import type { QemuMachine } from '../../src/drivers/qemu/machine.ts';
import type { QemuDriver, QemuDriverOptions } from '../../src/drivers/qemu/qemu-driver.ts';
import type { MachineState } from '../../src/drivers/qemu/state-file.ts';
import { idleGuest } from './idle-guest.ts';
import { makeQemu, type QemuUnderTest } from './qemu-under-test.ts';
import { gone, work } from './under-test.ts';

describe('a resume', { timeout: 60_000 }, () => {
  let under: QemuUnderTest;
  let driver: QemuDriver;
  let machine: MachineSpec;
  let setClock: QemuDriverOptions['setClock'];
  let clocks: number;
  let hold: ((hold: Hold) => void) | undefined;
  let running: QemuMachine | undefined;

  beforeEach(async () => {
    setClock = () => Promise.resolve();
    clocks = 0;
    hold = undefined;
    under = await makeQemu({
      setClock: (lanes, signal) => setClock(lanes, signal),
      holdGuest: () => ({
        ...idleGuest(),
        onHold: (listener) => { hold = listener; return () => undefined; },
        setClock: () => { clocks += 1; return Promise.resolve(); },
      }),
    });
    driver = under.daemon();
    machine = under.machine('00c0ffee');
    await driver.create(machine, work());
  });
  afterEach(async () => {
    await running?.[Symbol.asyncDispose]();
    running = undefined;
    await driver.remove(machine.id);
    await under.dispose();
  });

  const state = async () => JSON.parse(await readFile(join(under.home, 'instances/00c0ffee/machine.json'), 'utf8')) as MachineState;
  const change = async (more: Partial<MachineState>) => {
    await writeFile(join(under.home, 'instances/00c0ffee/machine.json'), JSON.stringify({ ...await state(), ...more }));
  };
  const start = async () => (running = await driver.start(machine, work()) as QemuMachine);
  const suspended = async (mark: number) => {
    await under.mark(await start(), mark);
    await driver.suspend(machine, work());
  };

  test('whose clock cannot be set is a machine that runs all the same; it is set when the guest answers', async () => {
    await suspended(1);
    setClock = () => Promise.reject(new Error('the doorman is silent'));
    const again = await start();
    expect([again.end, again.isPaused, (await state()).suspended, (await state()).run?.clockBehind]).toEqual([undefined, false, null, true]);
    hold?.({ level: 'lost', reason: 'not yet' });
    expect(clocks).toBe(0);
    hold?.({ level: 'held', reason: null });
    expect(clocks).toBe(1);
    await expect.poll(async () => (await state()).run?.clockBehind).toBe(undefined);
  });

  test('that ends before its clock is set is never taken up again: what it has written since would not fit its memory', async () => {
    await suspended(1);
    setClock = async () => {
      const pid = await under.pidOf(machine.id);
      process.kill(pid, 'SIGKILL');
      await gone(pid);
      throw new Error('the doorman is silent');
    };
    await start();
    await expect(access(join(under.home, 'instances/00c0ffee/suspended'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await state()).suspended).toBe(null);
    expect(await under.daemon().adopt(machine)).toMatchObject({ end: { kind: 'died' } });
    expect(await under.markOf(await start())).toBe(1);
  });

  test('finds what a daemon that was killed before QEMU had ended has saved: that QEMU is ended, and its guest is suspended', async () => {
    const first = await start();
    await under.mark(first, 1);
    const pid = await under.pidOf(machine.id);
    first.hypervisor.suspended = () => Promise.reject(new Error('killed'));
    await expect(driver.suspend(machine, work())).rejects.toThrow('killed');
    await first[Symbol.asyncDispose]();
    driver = under.daemon();
    for (let daemons = 0; daemons < 2; daemons += 1) expect(await under.daemon().adopt(machine)).toEqual({ end: { kind: 'suspended' } });
    await gone(pid);
    expect(await under.markOf(await start())).toBe(1);
    expect((await state()).suspended).toBe(null);
  });

  test('that a daemon was killed over while the memory was loaded leaves it suspended', async () => {
    await suspended(1);
    driver = under.daemon();
    const { run } = await state();
    await change({ run: run && { ...run, settled: false, end: null } });
    expect(await driver.adopt(machine)).toEqual({ end: { kind: 'suspended' } });
    expect(await under.markOf(await start())).toBe(1);
  });

  test('that a daemon was killed over before the guest went on goes on under the next one, with the clock still to be set', async () => {
    const first = await start();
    await first.monitor.execute('stop');
    await first[Symbol.asyncDispose]();
    const { run } = await state();
    await change({ suspended: null, run: run && { ...run, clockBehind: true } });
    driver = under.daemon();
    const found = await driver.adopt(machine);
    if (found === undefined || !('guest' in found)) throw new Error('it was not taken over');
    running = found as QemuMachine;
    expect(running.isPaused).toBe(false);
    hold?.({ level: 'held', reason: null });
    await expect.poll(async () => (await state()).run?.clockBehind).toBe(undefined);
    expect(clocks).toBe(1);
  });
});
