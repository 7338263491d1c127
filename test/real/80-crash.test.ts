/** Crashes, on `hermes`: shown with their reason before anybody asks, and never started over by a command. */
import { expect, test } from 'vitest';
import { waitFor } from './home.ts';
import { openHomeUnderTest, slowness } from './provided.ts';

const home = openHomeUnderTest();
const state = async () => (await home.info('hermes')).state;

test('the guest\'s kernel panicked: Crashed within 5 s, with the kernel\'s words; exec refuses and says what to do', async () => {
  // The command cannot answer: its guest is gone under it.
  const fatal = home.run(['exec', 'hermes', '--', 'sudo', 'sh', '-c', 'echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger'], { timeoutMs: 60_000 });
  const seconds = await waitFor('hermes to be shown as crashed', async () => (await state()) === 'Crashed', 20_000);
  expect(seconds).toBeLessThan(10 * slowness());
  expect((await fatal).code).toBe(255);
  expect((await home.info('hermes')).reason).toMatch(/panic/i);
  const refused = await home.run(['exec', 'hermes', '--', 'true']);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('hermes crashed: ');
  expect(refused.stderr).toContain('holdfast start hermes');
  expect((await home.must(['logs', 'hermes'])).stdout).toMatch(/Kernel panic - not syncing/);
  expect(await state()).toBe('Crashed');
});

test('start begins anew after a crash', async () => {
  await home.must(['start', 'hermes'], { timeoutMs: 300_000 });
  expect(await state()).toBe('Running');
});

test('QEMU killed: Crashed within 5 s, before any exec; delete and purge leave nothing', async () => {
  const pid = await home.qemuPid('hermes');
  if (pid === undefined) throw new Error('hermes has no QEMU');
  process.kill(pid, 'SIGKILL');
  const seconds = await waitFor('hermes to be shown as crashed', async () => (await state()) === 'Crashed', 20_000);
  expect(seconds).toBeLessThan(5 * slowness());
  expect((await home.info('hermes')).reason).toMatch(/killed|SIGKILL/i);
  expect((await home.run(['exec', 'hermes', '--', 'true'])).code).toBe(2);

  await home.must(['delete', 'hermes']);
  expect(await state()).toBe('Deleted');
  await home.must(['recover', 'hermes']);
  expect(await state()).toBe('Stopped');
  await home.must(['delete', 'hermes']);
  await home.must(['purge']);
  expect((await home.must(['list'])).stdout).not.toContain('hermes');
  expect((await home.run(['info', 'hermes'])).code).toBe(2);
});
