import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkSource } from './serve-mount.ts';

const script = fileURLToPath(new URL('main.ts', import.meta.url));
const maps = { uids: [], gids: [] };
const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const NOBODY = { uid: 65_534, gid: 65_534 };
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hf-serve-'));
  await chmod(directory, 0o755);
  await mkdir(join(directory, 'closed'), { mode: 0o700 });
});
afterAll(() => rm(directory, { recursive: true }));

test('a source is looked at before it is mounted', async () => {
  await checkSource(script, { source: join(directory, 'closed'), person: me, maps });
  await expect(checkSource(script, { source: join(directory, 'none'), person: me, maps })).rejects.toMatchObject({ code: 'bad-argument', message: `Source path "${join(directory, 'none')}" does not exist` });
});

test.runIf(me.uid === 0)('root serves another person with that person\'s rights, and no more', async () => {
  await checkSource(script, { source: directory, person: NOBODY, maps });
  await expect(checkSource(script, { source: join(directory, 'closed'), person: NOBODY, maps })).rejects.toMatchObject({ code: 'bad-argument', message: `Source path "${join(directory, 'closed')}" is not readable by you` });
});
