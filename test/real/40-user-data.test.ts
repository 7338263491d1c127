/** A user's own cloud-init data, of every kind, takes effect, and the hold does not depend on it. One kind each time. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ALL, pick } from '../rotation.ts';
import { openHomeUnderTest } from './provided.ts';
import { USER_DATA_KINDS } from './user-data-kinds.ts';

const home = openHomeUnderTest();

describe('user data', () => {
  test.each(ALL ? USER_DATA_KINDS : [pick(USER_DATA_KINDS)])('$letter: $about', async ({ letter, content, check }) => {
    const name = `kind-${letter}`;
    const file = join(home.directory, `${name}.data`);
    await writeFile(file, content());
    try {
      const launch = await home.must(['launch', '--name', name, '--timeout', '600', '--cloud-init', file], { timeoutMs: 700_000 });
      process.stdout.write(`launch ${name}: ${launch.seconds.toFixed(0)} s\n`);
      expect((await home.must(['exec', '--verbose', name, '--', 'id', '-un'])).stderr).toContain('carried by: lane');
      expect((await home.must(['exec', name, '--', 'id', '-un'])).stdout).toBe('ubuntu\n');
      const checked = await home.run(['exec', name, '--', 'sh', '-c', check]);
      expect(checked.code, `${check}\n${checked.stdout}${checked.stderr}`).toBe(0);
      expect((await home.must(['exec', name, '--', 'cloud-init', 'status'])).stdout).toContain('status: done');
      expect(await home.info(name)).toMatchObject({ state: 'Running', hold: 'held', hold_reason: null });
    } finally {
      await home.run(['delete', '--purge', name]);
      await rm(file, { force: true });
    }
  });
});
