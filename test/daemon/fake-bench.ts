/** The built CLI with a real daemon behind it whose machines are fake: what is said is what both of them say. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine, removeHome } from '../processes.ts';
import { makeBench, type Bench } from '../cli/bench-cli.ts';
import { tinyDisk } from './fake-home.ts';
import { waitFor } from '../real/home.ts';

const FAKE_MAIN = new URL('fake-main.ts', import.meta.url);

export interface FakeBench extends AsyncDisposable {
  readonly bench: Bench;
  /** What launch takes. */
  readonly image: string;
}

/** The daemon starts with the first command that needs one. */
export async function makeFakeBench(): Promise<FakeBench> {
  const bench = await makeBench();
  // A bundle has no await at its top, and node runs the sources as they are.
  writeFileSync(join(bench.home, 'dist/holdfastd.cjs'), `import(${JSON.stringify(FAKE_MAIN.href)}).catch((error) => { console.error(error); process.exit(3); });\n`);
  writeFileSync(join(bench.home, 'tiny.raw'), tinyDisk());
  return {
    bench,
    image: `file://${join(bench.home, 'tiny.raw')}`,
    async [Symbol.asyncDispose]() {
      try {
        await bench.run(['enable-zones', '--all']);
        await bench.run(['delete', '--all', '--purge']);
        await endDaemon(bench.home);
      } finally {
        await removeHome(bench.home);
        await bench[Symbol.asyncDispose]();
      }
    },
  };
}

/** Of a home; resolves when it is gone. */
export async function endDaemon(home: string): Promise<void> {
  const pid = pidOf(home);
  if (pid === undefined) return;
  process.kill(pid, 'SIGTERM');
  await waitFor('the daemon to end', async () => (await commandLine(pid)) === '', 20_000);
}

function pidOf(home: string): number | undefined {
  try {
    return Number(readFileSync(join(home, 'daemon.pid'), 'utf8'));
  } catch {
    return undefined;
  }
}
