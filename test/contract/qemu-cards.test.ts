/** Cards that cannot be plugged into a machine that runs, behind a real monitor. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MachineSpec } from '../../src/drivers/driver.ts';
import type { QemuMachine } from '../../src/drivers/qemu/machine.ts';
import type { QemuDriver } from '../../src/drivers/qemu/qemu-driver.ts';
import { startQemu, type QemuUnderTest } from './qemu-under-test.ts';
import { withCards } from './under-test.ts';

describe.runIf(process.getuid?.() === 0 && process.platform === 'linux')('a card that cannot be plugged in', { timeout: 60_000 }, () => {
  let under: QemuUnderTest;
  let driver: QemuDriver;
  let machine: MachineSpec;
  let running: QemuMachine;
  let end: () => Promise<void>;

  beforeEach(async () => { ({ under, driver, machine, running, end } = await startQemu()); });
  afterEach(async () => { await end(); });

  const networks = () => running.monitor.execute('human-monitor-command', { 'command-line': 'info network' });
  const macOf = (slot: number) => running.monitor.execute('qom-get', { path: `/machine/peripheral/net${slot}`, property: 'mac' });
  const taps = async () => (await promisify(execFile)('ip', ['-o', 'link', 'show', 'type', 'tun'])).stdout;
  /** As another attachment has it: another MAC in the same place. */
  const another = (slot: number): MachineSpec => {
    const wider = withCards(machine, [slot]);
    return { ...wider, spec: { ...wider.spec, cards: (wider.spec.cards ?? []).map((card) => ({ ...card, mac: '52:54:00:00:00:99' })) } };
  };

  test('leaves nothing behind, and its place is free for another', async () => {
    const { monitor } = running;
    const execute = monitor.execute.bind(monitor);
    let tap = '';
    monitor.execute = async (name, args, deadlineMs) => {
      if (name === 'netdev_add') tap = String(args?.['ifname']);
      if (name !== 'device_add') return await execute(name, args, deadlineMs);
      expect(await taps()).toContain(tap);
      throw new Error('not now');
    };
    await expect(driver.plug(withCards(machine, [2]), 2)).rejects.toThrow('not now');
    expect([await networks(), await taps(), await under.cards?.(running)]).toEqual([expect.not.stringContaining('net2'), expect.not.stringContaining(tap), []]);
    monitor.execute = execute;
    await driver.plug(another(2), 2);
    expect(await macOf(2)).toBe('52:54:00:00:00:99');
  });

  test('is not taken for one that is in its place', async () => {
    await driver.plug(withCards(machine, [2]), 2);
    await expect(driver.plug(another(2), 2)).rejects.toMatchObject({ code: 'machine-failed', message: expect.stringContaining('is taken by 52:54:00:00:00:02') as string });
    expect(await macOf(2)).toBe('52:54:00:00:00:02');
    await driver.plug(withCards(machine, [2]), 2);
  });

  test('and what was left of an earlier one does not lead the next to another network', async () => {
    await running.monitor.execute('netdev_add', { type: 'user', id: 'net3' });
    await driver.plug(withCards(machine, [3]), 3);
    expect(await networks()).toMatch(/net3: index=0,type=tap,/);
  });
});
