/** A sequence of network changes, which one the commit decides; `npm run faults -- sequences` runs fifty. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runSequence } from '../faults/change-sequences.ts';
import { rotation } from '../rotation.ts';
import { openHomeUnderTest } from './provided.ts';

const LENGTH = 5;
const home = openHomeUnderTest();

beforeAll(async () => { await home.must(['launch', '--name', 'changed'], { timeoutMs: 600_000 }); });
afterAll(async () => { await home.must(['delete', '--purge', 'changed']); });

test('whatever is changed, it is held, and its default interface is brought back', async () => {
  const { steps, repairSeconds } = await runSequence(home, 'changed', { seed: rotation(), length: LENGTH }, (line) => process.stdout.write(`${line}\n`));
  expect(steps).toHaveLength(LENGTH);
  process.stdout.write(`repaired in ${repairSeconds.toFixed(1)} s\n`);
}, 1_500_000);
