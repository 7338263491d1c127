/** A guest whose root writes without end: one kind in CI, all of them in `npm run faults`. */
import { expect, test } from 'vitest';
import { FLOODS, runFlood } from '../faults/floods.ts';
import { EXEC_LIMIT_SECONDS } from '../faults/limits.ts';
import { ALL, pick } from '../rotation.ts';
import { openHomeUnderTest, slowness } from './provided.ts';

const home = openHomeUnderTest();

test.each(ALL ? FLOODS : [pick(FLOODS)])('$name: the daemon and the other instance do not feel it', async (flood) => {
  await home.must(['launch', '--name', 'flood', '--timeout', '600'], { timeoutMs: 900_000 });
  try {
    const flooded = await runFlood(flood, { home, instance: 'flood', other: 'apollo', watchSeconds: 10 });
    process.stdout.write(`${JSON.stringify(flooded)}\n`);
    expect(flooded.residentPeak - flooded.residentBefore, 'megabytes that it costs').toBeLessThan(64);
    expect(flooded.cpu, 'of one processor').toBeLessThan(Math.min(0.8, 0.35 * slowness()));
    // A guest that only computes takes one of the host's two processors as well; how much of this is that, no figures say yet.
    expect(flooded.execMedian, 'seconds of an exec in the other, as a rule').toBeLessThan(3 * flooded.execBefore + 0.5 * slowness());
    expect(flooded.execSlowest, 'seconds of an exec in the other').toBeLessThan(EXEC_LIMIT_SECONDS * slowness());
    expect(flooded.listSlowest).toBeLessThan(2 * slowness());
    expect(flooded.consoleBytes).toBeLessThanOrEqual(1024 * 1024);
    if (flood.loses) expect(flooded.said).toMatch(/its control lane has not answered|held/);
  } finally {
    await home.must(['delete', '--purge', 'flood'], { timeoutMs: 60_000 });
  }
});
