/** Who has a home is known from the moment he has it, whether he listens or not: the service takes over from him. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { dismiss, holderOf, servedBy } from '../../src/client/service/serving.ts';
import { homeLayout } from '../../src/core/home.ts';

const OPEN_HOME = fileURLToPath(new URL('../../src/daemon/wiring/home.ts', import.meta.url));
/** As a daemon that takes over its machines, before it listens. */
const STARTING = `import { openHome } from ${JSON.stringify(OPEN_HOME)}; const home = openHome(); console.log('open'); setInterval(() => home, 60_000);`;

test.skipIf(process.platform !== 'linux')('a daemon that has the home and does not listen yet is found, and ended as one that does', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hf-holder-'));
  try {
    const layout = homeLayout({ env: { HOLDFAST_HOME: directory }, uid: process.getuid?.() ?? 0, platform: process.platform, homedir: directory });
    expect(holderOf(layout)).toBeUndefined();
    const daemon = spawn(process.execPath, ['--input-type=module', '-e', STARTING], { env: { ...process.env, HOLDFAST_HOME: directory }, stdio: ['ignore', 'pipe', 'inherit'] });
    await once(daemon.stdout, 'data');
    expect([await servedBy(layout), holderOf(layout)]).toEqual([undefined, daemon.pid]);
    const ended = once(daemon, 'exit');
    await dismiss(daemon.pid ?? 0, AbortSignal.timeout(30_000));
    await ended;
    // It ended as kill -9 would have it: its file is still there.
    expect(holderOf(layout)).toBeUndefined();
    await writeFile(layout.data.pidFile, `${process.pid}\n`);
    expect(holderOf(layout)).toBeUndefined();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
