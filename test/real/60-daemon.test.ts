/** The daemon dies or is told to end, with real VMs running: they go on, and the next one takes them over. */
import { spawnSync } from 'node:child_process';
import { afterEach, expect, test } from 'vitest';
import { CHECKOUT, waitFor } from './home.ts';
import { tellMonitor } from './monitor.ts';
import { openHomeUnderTest, slowness } from './provided.ts';

const home = openHomeUnderTest();
const EXEC_SECONDS = 10 * slowness();
/** Of an exec in an emulated guest; a command line's own start and end come to it. */
const DEADLINE_SECONDS = 30;
const pids = async () => [await home.qemuPid('apollo'), await home.qemuPid('hermes')];

afterEach(async () => {
  await waitFor('apollo to be held again', async () => (await home.info('apollo')).hold === 'held', 60_000);
});

test('kill -9: the VMs go on, the next command has a daemon, control is back', async () => {
  const before = await pids();
  const boot = (await home.must(['exec', 'apollo', '--', 'cat', '/proc/sys/kernel/random/boot_id'])).stdout;
  await home.killDaemon();
  expect(await pids()).toEqual(before);
  const listed = await home.must(['list']);
  expect(listed.stdout).toMatch(/^apollo +Running/m);
  expect((await home.must(['exec', 'apollo', '--', 'cat', '/proc/sys/kernel/random/boot_id'])).stdout).toBe(boot);
  expect(await pids()).toEqual(before);
  await waitFor('its address to be shown again', async () => (await home.info('apollo')).ipv4.length === 1, 20_000);
});

test('SIGTERM: the same, and the daemon ends with its socket and pid file', async () => {
  const before = await pids();
  await home.endDaemon();
  expect(await home.daemonPid()).toBeUndefined();
  expect(await pids()).toEqual(before);
  expect((await home.must(['exec', 'hermes', '--', 'hostname'])).stdout).toBe('hermes\n');
});

test('a command under way when the daemon dies ends with 255, and says why', async () => {
  const running = home.run(['exec', 'apollo', '--', 'sh', '-c', 'echo begun; sleep 60'], {
    onOutput: (text) => { if (text.includes('begun')) void home.killDaemon(); },
  });
  const { code, stdout, stderr } = await running;
  expect([code, stdout]).toEqual([255, 'begun\n']);
  expect(stderr).not.toBe('');
});

const PAUSES = [
  ['paused by its monitor', (pid: number) => tellMonitor(home.directory, pid, 'stop'), (pid: number) => tellMonitor(home.directory, pid, 'cont')],
  ['its QEMU stopped by a signal', (pid: number) => Promise.resolve(void process.kill(pid, 'SIGSTOP')), (pid: number) => Promise.resolve(void process.kill(pid, 'SIGCONT'))],
] as const;

test.each(PAUSES)('%s: exec fails within its deadline and in words, and works again soon after it goes on', async (_how, pause, goOn) => {
  const pid = await home.qemuPid('apollo');
  if (pid === undefined) throw new Error('apollo has no QEMU');
  await pause(pid);
  try {
    const failed = await home.run(['exec', 'apollo', '--', 'true'], { timeoutMs: 60_000 });
    expect(failed.code).toBe(255);
    expect(failed.seconds).toBeLessThan(DEADLINE_SECONDS + 4 * slowness());
    expect(failed.stderr).toMatch(/^exec failed: .*apollo/);
    expect((await home.must(['list'])).seconds).toBeLessThan(2 * slowness());
    expect((await home.must(['exec', 'hermes', '--', 'true'])).seconds).toBeLessThan(EXEC_SECONDS);
  } finally {
    await goOn(pid);
  }
  const { seconds } = await home.must(['exec', 'apollo', '--', 'true']);
  expect(seconds).toBeLessThan(EXEC_SECONDS);
});

test('a second daemon on the same home is refused in one line', async () => {
  await home.must(['list']);
  const second = spawnSync(`${CHECKOUT}/bin/holdfastd`, { env: { ...process.env, HOLDFAST_HOME: home.directory }, encoding: 'utf8', timeout: 20_000 });
  expect(second.status).toBe(2);
  expect(second.stderr.trim().split('\n')).toHaveLength(1);
  expect(second.stderr).toContain('another Holdfast daemon already serves this home');
});
