/** Disks that are frozen, gone back to and cloned, on each driver. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Driver, MachineSpec, RunningMachine } from '../../src/drivers/driver.ts';
import { work, type DriverUnderTest, type Marks } from './under-test.ts';

const [FIRST, SECOND, GONE] = ['a'.repeat(16), 'b'.repeat(16), 'f'.repeat(16)];

export function describeLayers(name: string, make: () => Promise<DriverUnderTest & Marks>): void {
  describe(`layers of ${name}`, { timeout: 60_000 }, () => {
    let under: DriverUnderTest & Marks;
    let driver: Driver;
    let machine: MachineSpec;
    beforeEach(async () => {
      under = await make();
      driver = under.daemon();
      machine = under.machine('00c0ffee');
      await driver.create(machine, work());
    });
    afterEach(async () => {
      for (const id of await driver.traces()) await driver.remove(id);
      await under.dispose();
    });
    /** What its disk holds; and from then on, where a value is given. */
    const boot = async (spec = machine, value?: number): Promise<number> => {
      await using running = await driver.start(spec, work());
      const found = await under.markOf(running);
      if (value !== undefined) await under.mark(running, value);
      await running.kill();
      return found;
    };
    const freeze = (layer: string, by = driver) => by.freeze?.(machine, layer, work());
    const revert = (layer: string, by = driver) => by.revert?.(machine, layer, work());

    test('what was written after a freeze is gone when it is gone back to, however often, and each layer has its own', async () => {
      expect(driver.abilities.snapshot).toBe(true);
      expect(await boot(machine, 1)).toBe(0);
      await freeze(FIRST);
      expect(await boot(machine, 2)).toBe(1);
      await freeze(SECOND);
      expect(await boot(machine, 3)).toBe(2);
      await revert(FIRST);
      expect(await boot(machine, 4)).toBe(1);
      await revert(SECOND);
      expect(await boot()).toBe(2);
      await revert(FIRST);
      expect(await boot()).toBe(1);
    });

    test('to freeze for the same layer again, as after an interruption, changes nothing', async () => {
      await boot(machine, 1);
      await freeze(FIRST);
      const before = await under.remains(machine.id);
      await freeze(FIRST, under.daemon());
      expect(await under.remains(machine.id)).toEqual(before);
      expect(await boot(machine, 2)).toBe(1);
      await revert(FIRST);
      expect(await boot()).toBe(1);
    });

    test('to go back to what is gone is refused, and nothing is changed', async () => {
      await boot(machine, 1);
      await expect(revert(GONE)).rejects.toMatchObject({ code: 'machine-failed' });
      expect(await boot()).toBe(1);
    });

    test('a machine that begins with a layer has what it holds, and neither sees what the other writes', async () => {
      await boot(machine, 1);
      await freeze(FIRST);
      const clone = under.machine('0badcafe');
      await driver.create(clone, work(), { layer: FIRST });
      await using original = await driver.start(machine, work());
      await using running: RunningMachine = await driver.start(clone, work());
      await under.mark(original, 2);
      expect(await under.markOf(running)).toBe(1);
      await under.mark(running, 3);
      expect(await under.markOf(original)).toBe(2);
      await running.kill();
      await original.kill();
      await driver.remove(machine.id);
      await driver.sweepLayers?.(new Set());
      expect(await boot(clone)).toBe(3);
    });

    test('layers stay while a snapshot or a machine needs them, or one that lies on them', async () => {
      await boot(machine, 1);
      await freeze(FIRST);
      await boot(machine, 2);
      await freeze(SECOND);
      await driver.sweepLayers?.(new Set([FIRST]));
      expect(await boot()).toBe(2);
      await revert(FIRST);
      await driver.sweepLayers?.(new Set([FIRST]));
      expect(await boot()).toBe(1);
      await expect(revert(SECOND)).rejects.toMatchObject({ code: 'machine-failed' });
    });

    test('one that runs is frozen with its memory and goes on; gone back to, it is a suspended machine, however often', async () => {
      await using running = await driver.start(machine, work());
      await under.mark(running, 1);
      await driver.freezeLive?.(machine, FIRST, work());
      expect([running.isPaused, running.end, await under.markOf(running)]).toEqual([false, undefined, 1]);
      await under.mark(running, 2);
      await driver.freezeLive?.(machine, SECOND, work());
      await under.mark(running, 3);
      expect(await under.markOf(running)).toBe(3);
      await running.kill();
      expect(await boot()).toBe(3);
      for (const [layer, mark] of [[FIRST, 1], [SECOND, 2], [FIRST, 1]] as const) {
        expect(await revert(layer)).toEqual({ suspended: true });
        expect(await under.daemon().adopt(machine)).toEqual({ end: { kind: 'suspended' } });
        expect(await boot(machine, 9)).toBe(mark);
      }
      expect(await boot()).toBe(9);
    });

    test('a machine with layers is suspended and taken up again', async () => {
      await boot(machine, 1);
      await freeze(FIRST);
      await using running = await driver.start(machine, work());
      await under.mark(running, 2);
      await driver.suspend?.(machine, work());
      expect(await boot()).toBe(2);
    });
  });
}
