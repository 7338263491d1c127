/** A daemon that is told to end before it serves. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { removeHome } from '../processes.ts';

test.each(['SIGTERM', 'SIGINT'] as const)('%s to a daemon that does not serve yet is no failure', { timeout: 60_000 }, async (signal) => {
  const home = await mkdtemp('/var/tmp/hf-fake-');
  try {
    const daemon = spawn(process.execPath, [fileURLToPath(new URL('fake-main.ts', import.meta.url))], { env: { ...process.env, HOLDFAST_HOME: home, HOLDFAST_OFFLINE: '1' }, stdio: 'ignore' });
    const ended = once(daemon, 'exit', { signal: AbortSignal.timeout(30_000) });
    // The first thing that it does, before it looks at what there is.
    while (!existsSync(join(home, 'daemon.pid')) && daemon.exitCode === null) await sleep(1);
    daemon.kill(signal);
    expect(await ended).toEqual([0, null]);
  } finally {
    await removeHome(home);
  }
});
