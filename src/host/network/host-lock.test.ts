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
  const other = spawn(process.execPath, ['-e', `import(${JSON.stringify(new URL('host-lock.ts', import.meta.url).href)}).then(({ tryLock }) => { globalThis.lock = tryLock(${JSON.stringify(path)}); console.log(globalThis.lock !== undefined); setInterval(() => {}, 1000); })`], { stdio: ['ignore', 'pipe', 'ignore'] });
  expect(String((await once(other.stdout, 'data'))[0]).trim()).toBe('true');
  expect(tryLock(path)).toBeUndefined();
  expect(tryLock(path)).toBeUndefined();
  other.kill('SIGKILL');
  await once(other, 'exit');
  const mine = tryLock(path);
  expect(mine).toBeDefined();
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(tryLock(path)).toBeUndefined();
  mine?.[Symbol.dispose]();
  tryLock(path)?.[Symbol.dispose]();
  expect(await readdir(directory)).toEqual(['lock']);
  await rm(directory, { recursive: true });
});

test('of many who want it at once one has it at a time', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hf-lock-'));
  const path = join(directory, 'lock');
  const program = `import(${JSON.stringify(new URL('host-lock.ts', import.meta.url).href)}).then(async ({ tryLock }) => {
    const { openSync, closeSync, rmSync } = await import('node:fs');
    for (let had = 0; had < 30; await new Promise(setImmediate)) {
      const lock = tryLock(${JSON.stringify(path)});
      if (!lock) continue;
      // Fails where another has it too.
      closeSync(openSync(${JSON.stringify(`${path}.alone`)}, 'wx'));
      await new Promise(setImmediate);
      rmSync(${JSON.stringify(`${path}.alone`)});
      lock[Symbol.dispose]();
      had += 1;
    }
  }).catch((error) => { console.error(error); process.exit(1); })`;
  const all = Array.from({ length: 4 }, () => spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'ignore', 'inherit'] }));
  expect(await Promise.all(all.map(async (each) => (await once(each, 'exit'))[0] as unknown))).toEqual([0, 0, 0, 0]);
  await rm(directory, { recursive: true });
}, 30_000);
