/** Takes a real guest's ways in away from under the daemon, one after the other, and gives them back. */
import { afterAll, describe, expect, test } from 'vitest';
import { waitFor } from './home.ts';
import { openHomeUnderTest, slowness } from './provided.ts';

const NAME = 'hermes';
/** Each exec, whole process, on an emulated guest. */
const LIMIT_SECONDS = 15 * slowness();
const home = openHomeUnderTest();

/** Runs on its own in the guest, so that the exec that asks for it is not cut off by it. */
const later = (script: string): Promise<unknown> => home.must([
  'exec', NAME, '--', 'sudo', 'systemd-run', '--quiet', '--collect', 'sh', '-c', `sleep 3; ${script}`,
]);

async function carried(command: readonly string[]): Promise<{ code: number; stdout: string; stderr: string; rung: string | undefined }> {
  const outcome = await home.run(['exec', '--verbose', NAME, '--', ...command]);
  expect(outcome.seconds, outcome.stderr).toBeLessThan(LIMIT_SECONDS);
  return { ...outcome, rung: /^carried by: (\w+)/m.exec(outcome.stderr)?.[1] };
}

const holdIs = (level: string, deadlineMs = 60_000): Promise<number> =>
  waitFor(`${NAME}'s hold to be ${level}`, async () => (await home.info(NAME)).hold === level, deadlineMs);

const PROBE = ['sh', '-c', 'id -un; pwd; echo "it\'s said" >&2; exit 7'];

describe('the rungs of a real guest', () => {
  afterAll(async () => {
    await later('systemctl start holdfast-doorman ssh');
    await holdIs('held');
  });

  test('without the doorman it is reached by its address', async () => {
    expect(await carried(PROBE)).toMatchObject({ rung: 'lane', code: 7, stdout: 'ubuntu\n/home/ubuntu\n' });
    await later('systemctl stop holdfast-doorman');
    await holdIs('by-address');
    const outcome = await carried(PROBE);
    expect(outcome).toMatchObject({ rung: 'address', code: 7, stdout: 'ubuntu\n/home/ubuntu\n' });
    expect(outcome.stderr).toContain("it's said");
    expect((await home.info(NAME)).hold_reason).toContain('it is reached by its address instead');
  });

  test('without sshd as well it is reached by its console', async () => {
    await later("systemctl stop ssh; pkill -x sshd");
    await holdIs('lost');
    const outcome = await carried(PROBE);
    expect(outcome).toMatchObject({ rung: 'console', code: 7, stdout: 'ubuntu\n/home/ubuntu\n' });
    expect(outcome.stderr).toContain("it's said");
    expect(await carried(['sudo', 'head', '-c', '100000', '/dev/zero'])).toMatchObject({ rung: 'console', code: 0, stdout: '\0'.repeat(100_000) });
  });

  test('the doorman is noticed by itself when it is back', async () => {
    await later('systemctl start holdfast-doorman ssh');
    await holdIs('held');
    expect(await carried(PROBE)).toMatchObject({ rung: 'lane', code: 7 });
  });
});
