/** The contract on real QEMU with an empty disk: all that a driver does short of a guest, in seconds. test/e2e boots guests. */
import { execFile } from 'node:child_process';
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HoldGuest } from '../../src/drivers/qemu/hold-guest.ts';
import type { QemuMachine } from '../../src/drivers/qemu/machine.ts';
import type { QemuDriverOptions } from '../../src/drivers/qemu/qemu-driver.ts';
import { LANES } from '../../src/guest/lane-port.ts';
import { machineUid } from '../../src/drivers/qemu/identity.ts';
import { fill } from '../fill.ts';
import { describeDriver } from './driver-suite.ts';
import { describeLayers } from './layer-suite.ts';
import { makeQemu } from './qemu-under-test.ts';
import { gone, work } from './under-test.ts';
import { idleGuest } from './idle-guest.ts';

describeDriver('qemu', () => makeQemu());
describeLayers('qemu', () => makeQemu());

describe('qemu alone', { timeout: 60_000 }, () => {
  test('every lane and the rescue line can be connected to, anew after each hang-up', async () => {
    await withMachine({}, async (options) => {
      for (let round = 0; round < 3; round += 1) {
        for (const lane of LANES) {
          const stream = await options.lanes.connect(lane, AbortSignal.timeout(2_000));
          expect(options.lanes.isGuestOpen(lane)).toBe(false);
          stream.destroy();
        }
        (await options.console?.connect(AbortSignal.timeout(2_000)))?.destroy();
      }
    });
  });

  test('the forward to the guest is gone with its stream', async () => {
    await withMachine({}, async ({ address }, machine) => {
      const stream = await address?.connect(AbortSignal.timeout(2_000));
      const table = () => machine.monitor.execute('human-monitor-command', { 'command-line': 'info usernet' });
      expect(await table()).toMatch(/HOST_FORWARD.*127\.0\.0\.1/);
      stream?.destroy();
      await expect.poll(table, { timeout: 5_000 }).not.toMatch(/HOST_FORWARD/);
    });
  });

  test('as root the machine runs under an identity of its own, and owns no more than it needs', async () => {
    if (process.getuid?.() !== 0) return;
    await withMachine({}, async (_options, _machine, under) => {
      const pid = await under.pidOf('00c0ffee');
      const uid = String(machineUid('00c0ffee', 'own'));
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      expect(/^Uid:\t(.*)$/m.exec(status)?.[1]).toBe([uid, uid, uid, uid].join('\t'));
      expect(/^Groups:[ \t]*(.*)$/m.exec(status)?.[1]?.trim()).toBe('');
      expect(/^Seccomp:\t(\d)$/m.exec(status)?.[1]).toBe('2');
      const owner = async (path: string) => (await stat(join(under.home, path))).uid;
      expect(String(await owner('instances/00c0ffee/disk.qcow2'))).toBe(uid);
      expect(await owner('instances/00c0ffee')).toBe(0);
      expect((await stat(join(under.home, 'instances/00c0ffee/keys'))).mode & 0o777).toBe(0o700);
    });
  });

  test('a home that the machine\'s identity cannot pass is refused, naming the directory', async () => {
    if (process.getuid?.() !== 0) return;
    const under = await makeQemu();
    await chmod(under.home, 0o700);
    await expect(under.daemon().create(under.machine('00c0ffee'), work())).rejects.toMatchObject({
      code: 'no-rights', message: expect.stringContaining(`${under.home} is closed`) as string, hint: expect.stringContaining('chmod o+x') as string,
    });
    await under.dispose();
  });

  test('what QEMU complains of is what the failed start says', async () => {
    const under = await makeQemu();
    const machine = under.machine('00c0ffee');
    await under.daemon().create(machine, work());
    await expect(under.daemon().start({ ...machine, spec: { ...machine.spec, mac: 'no mac' } }, work()))
      .rejects.toMatchObject({ code: 'machine-failed', message: expect.stringMatching(/QEMU did not start \(code 1\): .*no mac/) as string });
    await under.dispose();
  });

  test('a daemon that dies while it freezes a machine that runs leaves it whole: its disk was switched, or was not', async () => {
    const layer = 'c'.repeat(16);
    for (const isSwitched of [false, true]) {
      const under = await makeQemu();
      const machine = under.machine('00c0ffee');
      const driver = under.daemon();
      await driver.create(machine, work());
      const at = (name: string) => join(under.home, 'instances/00c0ffee', name);
      {
        await using running = await driver.start(machine, work()) as QemuMachine;
        await under.mark(running, 1);
        await running.monitor.execute('stop');
        await writeFile(at('machine.json'), JSON.stringify({ ...JSON.parse(await readFile(at('machine.json'), 'utf8')) as object, live: layer }));
        await promisify(execFile)('qemu-img', ['create', '-q', '-f', 'qcow2', '-u', '-F', 'qcow2', '-b', 'later', at(`disk.qcow2-${layer}`), '1G']);
        await chmod(at(`disk.qcow2-${layer}`), 0o666);
        if (isSwitched) {
          await running.monitor.execute('blockdev-add', { driver: 'qcow2', 'node-name': `above-${layer}`, backing: null, file: { driver: 'file', filename: at(`disk.qcow2-${layer}`) } });
          await running.monitor.execute('blockdev-snapshot', { node: 'disk', overlay: `above-${layer}` });
        }
      }
      const next = under.daemon();
      const found = await next.adopt(machine);
      if (!found || !('id' in found)) throw new Error('it does not run');
      await using running = found as QemuMachine;
      expect((await running.monitor.execute('query-status')).running).toBe(true);
      expect(await under.markOf(running)).toBe(1);
      await under.mark(running, 2);
      await running.kill();
      const { live, layer: below } = JSON.parse(await readFile(at('machine.json'), 'utf8')) as { live?: string; layer?: string };
      expect([live, below]).toEqual([undefined, isSwitched ? layer : undefined]);
      await using again = await next.start(machine, work());
      expect(await under.markOf(again)).toBe(2);
      await expect(stat(at(`disk.qcow2-${layer}`))).rejects.toMatchObject({ code: 'ENOENT' });
      // The guest has gone on: what its disk was then goes with no memory of it.
      if (isSwitched) await expect(next.freezeLive?.(machine, layer, work())).rejects.toThrow('was interrupted');
      await again.kill();
      await next.remove(machine.id);
      await under.dispose();
    }
  });

  test.runIf(process.getuid?.() === 0 && process.platform === 'linux')('with a full disk there is no snapshot and no clone, and what was there is there as it was; with space again there are', async () => {
    const under = await makeQemu({}, '512M');
    onTestFinished(() => under.dispose());
    const machine = under.machine('00c0ffee');
    const clone = under.machine('0badcafe');
    const driver = under.daemon();
    const [first, second] = ['d'.repeat(16), 'e'.repeat(16)];
    const files = async () => (await readdir(under.home, { recursive: true })).filter((path) => !path.startsWith('run')).toSorted();
    await driver.create(machine, work());
    await driver.freeze?.(machine, first, work());
    const before = await files();
    const filler = await fill(under.home);
    const full = { code: 'no-space', hint: expect.stringContaining('free some') as string };
    await expect(driver.freeze?.(machine, second, work())).rejects.toMatchObject(full);
    await expect(driver.revert?.(machine, first, work())).rejects.toMatchObject(full);
    await expect(driver.create(clone, work(), { layer: first })).rejects.toMatchObject(full);
    await driver.remove(clone.id);
    await rm(filler);
    expect(await files()).toEqual(before);
    {
      await using running = await driver.start(machine, work());
      await under.mark(running, 1);
      await fill(under.home);
      await expect(driver.freezeLive?.(machine, second, work())).rejects.toMatchObject(full);
      await rm(filler);
      expect([running.isPaused, running.end, await under.markOf(running)]).toEqual([false, undefined, 1]);
      await running.kill();
    }
    await driver.freeze?.(machine, second, work());
    await driver.create(clone, work(), { layer: second });
    await using running = await driver.start(clone, work());
    expect(await under.markOf(running)).toBe(1);
    await running.kill();
    for (const id of await driver.traces()) await driver.remove(id);
  });

  test('one that was started and not recorded, of a machine that ran before, is ended by the next start, and by a removal', async () => {
    const under = await makeQemu();
    const machine = under.machine('00c0ffee');
    const driver = under.daemon();
    await driver.create(machine, work());
    const statePath = join(under.home, 'instances/00c0ffee/machine.json');
    await using first = await driver.start(machine, work());
    await first.kill();
    const before = await readFile(statePath, 'utf8');
    const unrecorded = async (): Promise<number> => {
      await using running = await under.daemon().start(machine, work());
      expect(running.end).toBeUndefined();
      await writeFile(statePath, before);
      return await under.pidOf(machine.id);
    };
    const [pid, next] = [await unrecorded(), await unrecorded()];
    await gone(pid);
    await under.daemon().remove(machine.id);
    await gone(next);
    await under.dispose();
  });

  test('another process under the recorded pid is not taken for the machine, nor harmed', async () => {
    const under = await makeQemu();
    const machine = under.machine('00c0ffee');
    await under.daemon().create(machine, work());
    const statePath = join(under.home, 'instances/00c0ffee/machine.json');
    const state = JSON.parse(await readFile(statePath, 'utf8')) as object;
    await writeFile(statePath, JSON.stringify({ ...state, run: { pid: process.pid, startTime: '1', bootId: null, startedAt: '', accelerator: 'tcg', settled: true, end: null } }));
    expect(await under.daemon().adopt(machine)).toMatchObject({ end: {} });
    await under.daemon().remove(machine.id);
    await under.dispose();
  });
});

async function withMachine(
  more: Partial<QemuDriverOptions>, body: (options: Parameters<HoldGuest>[0], machine: QemuMachine, under: Awaited<ReturnType<typeof makeQemu>>) => Promise<void>,
): Promise<void> {
  const held: Parameters<HoldGuest>[0][] = [];
  const under = await makeQemu({ holdGuest: (options) => (held.push(options), idleGuest()), ...more });
  const spec = under.machine('00c0ffee');
  const driver = under.daemon();
  try {
    await driver.create(spec, work());
    await using machine = await driver.start(spec, work()) as QemuMachine;
    const [options] = held;
    if (options === undefined) throw new Error('no guest was held');
    await body(options, machine, under);
  } finally {
    await driver.remove(spec.id);
    await under.dispose();
  }
}
