/** Real QEMU with an empty disk, for the contract and for what only this driver has. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { MachineSpec } from '../../src/drivers/driver.ts';
import type { QemuMachine } from '../../src/drivers/qemu/machine.ts';
import { QemuDriver, type QemuDriverOptions } from '../../src/drivers/qemu/qemu-driver.ts';
import { freezeGuest } from '../../src/guest/fork/freeze.ts';
import { thawGuest } from '../../src/guest/fork/thaw.ts';
import { HomeNetworks } from '../../src/host/network/home-networks.ts';
import { processesOf } from '../processes.ts';
import { idleGuest } from './idle-guest.ts';
import { work, type DriverUnderTest, type Marks } from './under-test.ts';

const GiB = 1024 ** 3;

export interface QemuUnderTest extends DriverUnderTest, Marks {
  readonly home: string;
  daemon(): QemuDriver;
}

/** @param size  of a file system in memory that the home is on, as mount takes it; root's to make */
export async function makeQemu(more: Partial<QemuDriverOptions> = {}, size?: string): Promise<QemuUnderTest> {
  const home = await mkdtemp(join(tmpdir(), 'hf-qemu-'));
  if (size !== undefined) await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'hf-small', home]);
  await chmod(home, 0o755);
  const layout = { instancesDir: join(home, 'instances'), runDir: join(home, 'run'), acceleratorFile: join(home, 'accelerators.json'), templatesDir: join(home, 'templates'), layersDir: join(home, 'layers') };
  await mkdir(layout.instancesDir);
  await mkdir(layout.runDir);
  const image = join(home, 'image.raw');
  await writeFile(image, Buffer.alloc(1024 * 1024), { mode: 0o644 });
  // Taps are root's to make.
  const root = process.getuid?.() === 0 && process.platform === 'linux';
  const made: HomeNetworks[] = [];
  const networks = (): { networks?: HomeNetworks } => {
    if (!root) return {};
    const network = new HomeNetworks({ home, directory: join(home, 'network'), log: () => undefined });
    made.push(network);
    return { networks: network };
  };
  return {
    home, guests: false, cheap: false,
    daemon: () => new QemuDriver({
      layout, resolveImage: () => image, holdGuest: idleGuest, writeSeed: (_machine, _keys, path) => writeFile(path, Buffer.alloc(4096)), freezeGuest, thawGuest, setClock: () => Promise.resolve(),
      defaultUser: 'ubuntu', log: () => undefined,
      // An empty disk shows no kernel: on trial every accelerator would be refused, and that takes its time.
      accelerators: ['tcg'], ...networks(), ...more,
    }),
    machine: (id) => ({
      id, name: `m-${id}`, instanceId: `holdfast-${id}`, architecture: process.arch === 'arm64' ? 'aarch64' : 'x86_64', timezone: 'UTC', userData: undefined,
      spec: { cpus: 1, memoryBytes: GiB / 4, diskBytes: GiB, imageDigest: 'none', imageFormat: 'raw', mac: '52:54:00:12:34:56', subnetIndex: 9 },
    }),
    pidOf: async (id) => Number(await readFile(join(layout.runDir, id, 'pid'), 'utf8')),
    remains: async (id) => (await readdir(home, { recursive: true })).filter((path) => path.includes(id)).toSorted(),
    ...(root ? {
      cards: async (running) => (await (running as QemuMachine).monitor.execute('qom-list', { path: '/machine/peripheral' }))
        .flatMap(({ name }) => /^net([1-7])$/.exec(name)?.[1] ?? []).map(Number).toSorted(),
    } : {}),
    async mark(running, value) {
      await (running as QemuMachine).monitor.execute('human-monitor-command', { 'command-line': `qemu-io -d disk "write -P ${value} 65536 512"` });
      expect(await markOf(running as QemuMachine, home)).toBe(value);
    },
    markOf: (running) => markOf(running as QemuMachine, home),
    async pause(running) { await (running as QemuMachine).monitor.execute('stop'); },
    async dispose() {
      // A test that failed has not ended its machines.
      for (const line of await processesOf(home)) process.kill(Number(line.split(' ')[0]), 'SIGKILL');
      // Of two daemons at once, which only a test has, one may still be attaching what the other has removed.
      for (const network of made) await network[Symbol.asyncDispose]();
      if (root) await new HomeNetworks({ home, directory: join(home, 'network'), log: () => undefined }).tidy(() => false);
      if (size !== undefined) await promisify(execFile)('umount', [home]);
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Of the disk as QEMU shows it to its guest. */
async function markOf({ id, monitor }: QemuMachine, home: string): Promise<number> {
  const path = join(home, 'run', id, 'nbd');
  const node = (await monitor.execute('query-block')).find(({ qdev }) => qdev === 'disk')?.inserted?.['node-name'] ?? '';
  const say = (words: string) => monitor.execute('human-monitor-command', { 'command-line': words });
  await say(`nbd_server_start unix:${path}`);
  await say(`nbd_server_add ${node}`);
  try {
    const { stdout } = await promisify(execFile)('qemu-io', ['-r', '-f', 'raw', `nbd+unix:///${node}?socket=${path}`, '-c', 'read -v 65536 512']);
    return Number.parseInt(/^[0-9a-f]{8}: +([0-9a-f]{2})/m.exec(stdout)?.[1] ?? '', 16);
  } finally {
    await say('nbd_server_stop');
  }
}

export interface RunningQemu {
  readonly under: QemuUnderTest;
  readonly driver: QemuDriver;
  readonly machine: MachineSpec;
  readonly running: QemuMachine;
  readonly end: () => Promise<void>;
}

/** A machine that runs, in a home of its own. */
export async function startQemu(): Promise<RunningQemu> {
  const under = await makeQemu();
  const driver = under.daemon();
  const machine = under.machine('00c0ffee');
  await driver.create(machine, work());
  const running = await driver.start(machine, work()) as QemuMachine;
  const end = async (): Promise<void> => {
    await running[Symbol.asyncDispose]();
    for (const id of await driver.traces()) await driver.remove(id);
    await under.dispose();
  };
  return { under, driver, machine, running, end };
}
