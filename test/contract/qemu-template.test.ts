/** A machine that was created of a template and has not begun: it begins with that template's memory, or not at all. No QEMU is started. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { QemuDriver } from '../../src/drivers/qemu/qemu-driver.ts';
import type { MachineState } from '../../src/drivers/qemu/state-file.ts';
import type { TemplateShape } from '../../src/drivers/qemu/template/shape.ts';
import { TemplateStore } from '../../src/drivers/qemu/template/store.ts';
import { makeQemu, type QemuUnderTest } from './qemu-under-test.ts';
import { work } from './under-test.ts';

const [FIRST, SECOND] = ['2026-11-23T12:00:00.000Z', '2026-11-24T12:00:00.000Z'];
/** Of a QEMU that there is nowhere: what begins with it is refused, but only when it is known to be the one that is meant. */
const SHAPE: TemplateShape = {
  revision: 1, architecture: 'x86_64', imageDigest: 'none', imageFormat: 'raw', cpus: 1, memoryBytes: 1024, machineType: 'pc-q35-7.2',
  accelerator: 'tcg', qemu: '0', cpuModel: 'max', agentVersion: '0',
};
const FOUND = /made for another machine or another QEMU/;

async function commit(home: string, createdAt: string): Promise<string> {
  const store = new TemplateStore(join(home, 'templates'));
  const staged = await store.stage(SHAPE);
  await mkdir(staged.keys);
  for (const path of [staged.disk, staged.ram, staged.state]) await writeFile(path, createdAt);
  return (await store.commit(staged, { shape: SHAPE, identity: { name: 'n', instanceId: 'i', mac: 'm', machineId: '0'.repeat(32) }, diskBytes: 5, createdAt })).key;
}

async function created(): Promise<{ readonly under: QemuUnderTest; readonly driver: QemuDriver; readonly start: () => Promise<unknown>; readonly record: string }> {
  const under = await makeQemu();
  onTestFinished(() => under.dispose());
  const driver = under.daemon();
  const machine = under.machine('00c0ffee');
  await driver.create(machine, work(), { template: await commit(under.home, FIRST) });
  onTestFinished(() => driver.remove(machine.id));
  return { under, driver, start: () => driver.start(machine, work()), record: join(under.home, 'instances/00c0ffee/machine.json') };
}

test('with the template that its disk is from it begins', async () => {
  const { start } = await created();
  await expect(start()).rejects.toThrow(FOUND);
});

test('one that was made anew meanwhile has other memory: that is refused, and what to do is said; the machine is as it was', async () => {
  const { under, start, record } = await created();
  const before = await readFile(record, 'utf8');
  await commit(under.home, SECOND);
  await expect(start()).rejects.toMatchObject({
    code: 'machine-failed', message: expect.stringMatching(/was made anew since m-00c0ffee was created/) as string, hint: expect.stringContaining('holdfast delete --purge m-00c0ffee') as string,
  });
  expect(await readFile(record, 'utf8')).toBe(before);
  await commit(under.home, FIRST);
  await expect(start()).rejects.toThrow(FOUND);
});

test('what an older Holdfast created does not say when its template was made: it begins with the one that is there', async () => {
  const { under, start, record } = await created();
  const { forkMadeAt, ...older } = JSON.parse(await readFile(record, 'utf8')) as MachineState;
  expect(forkMadeAt).toBe(FIRST);
  await writeFile(record, JSON.stringify(older));
  await commit(under.home, SECOND);
  await expect(start()).rejects.toThrow(FOUND);
});
