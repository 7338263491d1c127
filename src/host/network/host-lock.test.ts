import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tryLock } from './host-lock.ts';

test('it is one holder\'s, who may be killed, and nobody\'s but the owner\'s to open', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hf-lock-'));
  const path = join(directory, 'lock');
  const other = spawn(process.execPath, ['-e', `import(${JSON.stringify(new URL('host-lock.ts', import.meta.url).href)}).then(({ tryLock }) => { console.log(tryLock(${JSON.stringify(path)}) !== undefined); setInterval(() => {}, 1000); })`], { stdio: ['ignore', 'pipe', 'ignore'] });
  expect(String((await once(other.stdout, 'data'))[0]).trim()).toBe('true');
  expect(tryLock(path)).toBeUndefined();
  other.kill('SIGKILL');
  await once(other, 'exit');
  const mine = tryLock(path);
  expect(mine).toBeDefined();
  expect(tryLock(path)).toBeUndefined();
  mine?.[Symbol.dispose]();
  tryLock(path)?.[Symbol.dispose]();
  expect([await readdir(directory), (await stat(path)).mode & 0o777]).toEqual([['lock'], 0o600]);
  await rm(directory, { recursive: true });
});
