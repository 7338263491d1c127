/** The doctor on a real guest: sound, and with an ailment, of which the commit decides which; `npm run faults` has them all. */
import { expect, test } from 'vitest';
import type { WireDiagnosis } from '../../src/api/doctor-schemas.ts';
import { AILMENTS, type Ailment } from '../faults/ailments.ts';
import { ALL, pick } from '../rotation.ts';
import { waitFor, waitGently } from './home.ts';
import { openHomeUnderTest } from './provided.ts';

const NAME = 'hermes';
const home = openHomeUnderTest();
const LATE: readonly string[] = ['link', 'address', 'route', 'sshd', 'by-address'];
const BOOT_MS = 400_000;
const chosen = ALL ? AILMENTS : [pick(AILMENTS)];

async function examined(...more: readonly string[]): Promise<WireDiagnosis & { readonly code: number }> {
  const { stdout, stderr, code } = await home.run(['doctor', NAME, '--format', 'json', ...more], { timeoutMs: 280_000 });
  if (stdout === '') throw new Error(`doctor said nothing: ${stderr}`);
  return { ...JSON.parse(stdout) as WireDiagnosis, code };
}

test('of a sound guest nothing is broken, however early in its boot, and after it nothing is still to come', async () => {
  const { checks, cause, code } = await examined();
  expect([cause, code, checks.filter(({ status }) => status === 'broken')]).toEqual([null, 0, []]);
  await waitGently('nothing to be still to come', async () => (await examined()).checks.every(({ id, status }) => status === 'ok' || !LATE.includes(id)), 300_000);
});

test.each(chosen.map((ailment): [string, Ailment] => [ailment.name, ailment]))('%s: named as the first broken layer, and mended', async (_name, { make, cause, hold, reason, restarts }) => {
  await home.must(['exec', NAME, '--', 'sudo', 'systemd-run', '--quiet', '--collect', 'sh', '-c', `sleep 3; ${make}`]);
  await waitGently(`the cause to be ${cause}`, async () => (await examined()).cause === cause, restarts ? BOOT_MS : 120_000);
  await waitFor(`the hold to be ${hold}`, async () => (await home.info(NAME)).hold === hold, restarts ? BOOT_MS : 90_000);
  if (reason) expect((await home.info(NAME)).hold_reason).toMatch(reason);
  const { fixes, code, cause: left } = await examined('--fix');
  expect([left, code, fixes.map(({ check, good }) => [check, good])[0]]).toEqual([null, 0, [cause, true]]);
  await waitFor('it to be held again', async () => (await home.info(NAME)).hold === 'held', 60_000);
});

test('of this host nothing is broken, and the accelerator was tried', async () => {
  const { stdout, code } = await home.run(['doctor', '--format', 'json']);
  const { checks, cause } = JSON.parse(stdout) as WireDiagnosis;
  expect([cause, code]).toEqual([null, 0]);
  expect(checks.find(({ id }) => id === 'accelerator')?.seen).toMatch(/ran a firmware after \d/);
});
