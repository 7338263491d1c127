/** Two instances launched at the same time: what a user sees of them. */
import { expect, inject, test } from 'vitest';
import { openHomeUnderTest } from './provided.ts';

const home = openHomeUnderTest();

test('two launches at once both end well, and say so', () => {
  for (const { name, code, stdout, stderr } of inject('launched')) {
    expect(code, stderr).toBe(0);
    expect(stdout).toBe(`Launched: ${name} in zone1\n`);
  }
});

test('where KVM carries no guest, that is said once and emulation is used', async () => {
  const { accelerator } = await home.info('apollo');
  const said = inject('launched').filter(({ stderr }) => /emulated/i.test(stderr)).length;
  if (accelerator === 'tcg') expect(said).toBeGreaterThanOrEqual(1);
  else expect([accelerator, said]).toEqual(['kvm', 0]);
});

test('each has an address of its own', async () => {
  const addresses = await Promise.all(['apollo', 'hermes'].map(async (name) => (await home.info(name)).ipv4));
  expect(addresses.map((each) => each.length)).toEqual([1, 1]);
  expect(new Set(addresses.flat()).size).toBe(2);
});

test('list and info show them as Multipass would, with hold and network besides', async () => {
  const { stdout: table } = await home.must(['list']);
  expect(table.split('\n')[0]).toMatch(/^Name {20}State {13}IPv4 {13}Image {15}Zone$/);
  expect(table).toMatch(/^apollo +Running +\d+\.\d+\.\d+\.\d+ +Debian 12 +zone1$/m);
  const { stdout: csv } = await home.must(['list', '--format', 'csv']);
  expect(csv.split('\n')[0]).toMatch(/^Name,State,IPv4,Release,AllIPv4,Zone,Zone available/);
  const { stdout: info } = await home.must(['info', 'apollo']);
  expect(info).toMatch(/^Name: {11}apollo$/m);
  expect(info).toMatch(/^Release: {8}Debian GNU\/Linux 12 \(bookworm\)$/m);
  expect(info).toMatch(/^Hold: {11}held$/m);
  expect(info).toMatch(/^Network: {8}ok$/m);
});

test('the instance is what was asked for: name, default user, disk, memory, processors', async () => {
  const { stdout } = await home.must(['exec', 'apollo', '--', 'sh', '-c', 'hostname; id -un; nproc; awk \'/MemTotal/ {print $2}\' /proc/meminfo; df --output=size -B1 / | tail -1; sudo -n id -u; timedatectl show -p Timezone --value']);
  const [hostname, user, cpus, memoryKiB, diskBytes, root, zone] = stdout.trim().split('\n');
  expect([hostname, user, cpus, root]).toEqual(['apollo', 'ubuntu', '1', '0']);
  expect(Number(memoryKiB)).toBeGreaterThan(900 * 1024);
  expect(Number(diskBytes)).toBeGreaterThan(4.5 * 2 ** 30);
  expect(zone).toMatch(/^[A-Z]/);
});

test('a user\'s cloud-init data took effect, and cloud-init says that it is done', async () => {
  expect((await home.must(['exec', 'hermes', '--', 'cat', '/etc/marker', '/run/marker-run'])).stdout).toBe('written by cloud-init\nrun\n');
  const { stdout } = await home.run(['exec', 'hermes', '--', 'cloud-init', 'status']);
  expect(stdout.trim()).toBe('status: done');
});

test('the same name again is refused, and nothing is made', async () => {
  const again = await home.run(['launch', '--name', 'apollo']);
  expect([again.code, again.stderr.split('\n')[0]]).toEqual([2, 'launch failed: instance "apollo" already exists']);
  const { stdout } = await home.must(['list', '--format', 'json']);
  expect((JSON.parse(stdout) as { list: unknown[] }).list).toHaveLength(2);
});

test('Ctrl-C during a launch cancels it and leaves nothing behind', async () => {
  const before = (await home.processes()).filter((line) => line.includes('qemu')).length;
  const interrupt = new AbortController();
  const launch = home.run(['launch', '--cold', '--name', 'cut'], {
    signal: interrupt.signal, onOutput: (text) => { if (text.includes('Waiting for cut to answer')) interrupt.abort(); },
  });
  const { code, stdout } = await launch;
  expect(interrupt.signal.aborted).toBe(true);
  expect([code, stdout]).toEqual([2, '']);
  expect((await home.must(['list'])).stdout).not.toContain('cut');
  expect((await home.processes()).filter((line) => line.includes('qemu'))).toHaveLength(before);
});
