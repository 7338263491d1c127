import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { FakeDriver } from '../../src/drivers/fake/fake-driver.ts';
import type { FakeMachine } from '../../src/drivers/fake/machine.ts';
import { describeForking } from './fork-suite.ts';
import { describeDriver } from './driver-suite.ts';
import { describeLayers } from './layer-suite.ts';
import { ended, work, type DriverUnderTest, type Marks } from './under-test.ts';

const machineProcess = fileURLToPath(new URL('../../src/drivers/fake/machine-process.ts', import.meta.url));

async function makeFake(): Promise<DriverUnderTest & Marks & { readonly home: string }> {
  const home = await mkdtemp(join(tmpdir(), 'hf-fake-'));
  const [instancesDir, runDir] = [join(home, 'instances'), join(home, 'run')];
  await mkdir(instancesDir);
  await mkdir(runDir);
  return {
    home, guests: true, cheap: true,
    daemon: () => new FakeDriver({ instancesDir, runDir, machineProcess, templatesDir: join(home, 'templates') }),
    machine: (id) => ({
      id, name: `m-${id}`, instanceId: `holdfast-${id}`, architecture: 'x86_64', timezone: 'UTC', userData: undefined,
      spec: { cpus: 1, memoryBytes: 1e9, diskBytes: 1e9, imageDigest: 'none', imageFormat: 'qcow2', mac: '52:54:00:12:34:56', subnetIndex: 9 },
    }),
    pidOf: async (id) => (JSON.parse(await readFile(join(instancesDir, id, 'fake.json'), 'utf8')) as { pid: number }).pid,
    remains: async (id) => (await readdir(home, { recursive: true })).filter((path) => path.includes(id)).toSorted(),
    cards: async ({ id }) => JSON.parse(await readFile(join(instancesDir, id, 'cards.json'), 'utf8')) as number[],
    pause: (running) => (running as FakeMachine).pause(),
    mark: ({ id }, value) => writeFile(join(instancesDir, id, 'mark'), String(value)),
    markOf: async ({ id }) => Number(await readFile(join(instancesDir, id, 'mark'), 'utf8').catch(() => '0')),
    dispose: () => rm(home, { recursive: true, force: true }),
  };
}

describeDriver('fake', makeFake);
describeLayers('fake', makeFake);

describeForking('fake', async () => {
  const under = await makeFake();
  return {
    ...under,
    machine: (id, name) => ({ ...under.machine(id), name }),
    async template({ templates }) {
      const { spec, architecture } = under.machine('00c0ffee');
      const wish = { ...spec, architecture };
      return { key: await templates?.make(wish, 'UTC', work()) ?? '', wish };
    },
  };
});

test('faults: a silent lane is unreachable, a panic and a death are told', { timeout: 60_000 }, async () => {
  const under = await makeFake();
  const driver = under.daemon();
  const machine = under.machine('00c0ffee');
  const faults = (wanted: object) => writeFile(join(under.home, 'instances', machine.id, 'faults.json'), JSON.stringify(wanted));
  try {
    await driver.create(machine, work());
    await faults({ lane: 'silent', panicsAfterMs: 300 });
    await using first = await driver.start(machine, work());
    await expect(first.guest.reach('session', { deadlineMs: 100, signal: AbortSignal.timeout(5_000) })).rejects.toMatchObject({ code: 'guest-unreachable' });
    expect(await ended(first)).toMatchObject({ kind: 'panicked' });
    await faults({ diesAfterMs: 300 });
    await using second = await driver.start(machine, work());
    expect(await ended(second)).toMatchObject({ kind: 'died' });
  } finally {
    await driver.remove(machine.id);
    await under.dispose();
  }
});
