/** An instance's life after launch, on `hermes`: stop, set, start by exec, restart, delete, recover. */
import { expect, test } from 'vitest';
import { REBOOTS } from '../faults/reboots.ts';
import { EXEC_LIMIT_SECONDS } from '../faults/limits.ts';
import { andMended, mend } from '../faults/run-fault.ts';
import { runReboot } from '../faults/run-reboot.ts';
import { pick } from '../rotation.ts';
import { cycle } from '../soak/cycles.ts';
import { openHomeUnderTest, slowness } from './provided.ts';

const home = openHomeUnderTest();
const limitSeconds = EXEC_LIMIT_SECONDS * slowness();

test('stop shuts it down in order; what can be set of a stopped instance is taken up at its next start', async () => {
  const running = await home.run(['set', 'local.hermes.cpus=2']);
  expect([running.code, running.stderr.trim()]).toEqual([2, 'set failed: Cannot update instance settings; instance: hermes; reason: Instance must be stopped for modification\nstop it: holdfast stop hermes']);
  await home.must(['stop', 'hermes']);
  expect(await home.info('hermes')).toMatchObject({ state: 'Stopped', ipv4: [], hold: 'none' });
  expect(await home.qemuPid('hermes')).toBeUndefined();
  await home.must(['set', 'local.hermes.memory=768M']);
  await home.must(['set', 'local.hermes.disk=6G']);
  const shrunk = await home.run(['set', 'local.hermes.disk=5G']);
  expect(shrunk.code).toBe(1);
  expect(shrunk.stderr).toContain('a disk can only grow');
  expect((await home.must(['get', 'local.hermes.memory'])).stdout).toBe('768.0MiB\n');
});

test('exec starts what was stopped on purpose', async () => {
  const { stdout, stderr } = await home.must(['exec', 'hermes', '--', 'sh', '-c', 'awk \'/MemTotal/ {print $2}\' /proc/meminfo; lsblk -bdno SIZE /dev/sda'], { timeoutMs: 300_000 });
  const [memoryKiB, diskBytes] = stdout.trim().split('\n').map(Number);
  expect(memoryKiB).toBeLessThan(768 * 1024);
  expect(diskBytes).toBe(6 * 2 ** 30);
  expect(stderr).toContain('Starting hermes');
});

/** Across each restart something is broken first, the commit decides what; `npm run faults` has all of it. */
const FAULT = pick(REBOOTS);
/** One from inside is asked for by the command as well; a reset is the machine's. */
const restart = FAULT.restart === 'hard' ? undefined : () => home.must(['restart', 'hermes'], { timeoutMs: 400_000 });

test(`restart boots it anew (${FAULT.name}): exec soon after the guest opens its control lane`, async () => {
  const bootId = async () => (await home.must(['exec', 'hermes', '--', 'cat', '/proc/sys/kernel/random/boot_id'])).stdout;
  const before = await bootId();
  const watch = { home, instance: 'hermes', other: 'apollo' };
  await andMended(() => mend(FAULT, watch), async () => {
    const { bootSeconds, firstExecSeconds } = await runReboot(FAULT, watch, restart);
    process.stdout.write(`${FAULT.name}: booted in ${bootSeconds.toFixed(0)} s, first exec ${firstExecSeconds.toFixed(2)} s after its control lane was open\n`);
    expect(await bootId()).not.toBe(before);
    expect((await home.info('hermes')).state).toBe('Running');
  });
});

/** The first is above, by `stop` and `exec`; npm run soak does a hundred. */
test('two more stop/start cycles leave no dead lane', async () => {
  for (let turn = 0; turn < 2; turn += 1) {
    const { stopSeconds, startSeconds, execSeconds } = await cycle(home, 'hermes');
    process.stdout.write(`stop ${stopSeconds.toFixed(1)} s, start ${startSeconds.toFixed(1)} s, exec ${execSeconds.toFixed(2)} s\n`);
    expect(execSeconds).toBeLessThan(limitSeconds);
  }
});
