/** The contract on real QEMU with an empty disk: all that a driver does short of a guest, in seconds. test/e2e boots guests. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HoldGuest } from '../../src/drivers/qemu/hold-guest.ts';
import type { QemuMachine } from '../../src/drivers/qemu/machine.ts';
import { QemuDriver, type QemuDriverOptions } from '../../src/drivers/qemu/qemu-driver.ts';
import { freezeGuest } from '../../src/guest/fork/freeze.ts';
import { thawGuest } from '../../src/guest/fork/thaw.ts';
import { LANES } from '../../src/guest/lane-port.ts';
import { HostNetwork } from '../../src/host/network/host-network.ts';
import { machineUid } from '../../src/drivers/qemu/identity.ts';
import { fill } from '../fill.ts';
import { describeDriver } from './driver-suite.ts';
import { describeLayers } from './layer-suite.ts';
import { work, type DriverUnderTest, type Marks } from './under-test.ts';
import { idleGuest } from './idle-guest.ts';

const GiB = 1024 ** 3;

/** @param size  of a file system in memory that the home is on, as mount takes it; root's to make */
async function makeQemu(more: Partial<QemuDriverOptions> = {}, size?: string): Promise<DriverUnderTest & Marks & { readonly home: string }> {
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
  const made: HostNetwork[] = [];
  const networks = (): { networks?: HostNetwork } => {
    if (!root) return {};
    const network = new HostNetwork({ home, directory: join(home, 'network'), log: () => undefined });
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
      // Of two daemons at once, which only a test has, one may still be attaching what the other has removed.
      for (const network of made) await network[Symbol.asyncDispose]();
      if (root) await new HostNetwork({ home, directory: join(home, 'network'), log: () => undefined }).tidy(() => false);
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
