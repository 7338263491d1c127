/** Live faults that control must survive: one of each class, which one the commit decides; `npm run faults` has them all. */
import { expect, test } from 'vitest';
import { reconnect } from '../faults/reconnects.ts';
import { andMended, mend, runFault, type Watch } from '../faults/run-fault.ts';
import { FAULTS } from '../faults/table.ts';
import { ALL, pick } from '../rotation.ts';
import { openHomeUnderTest } from './provided.ts';

const watch: Watch = { home: openHomeUnderTest(), instance: 'apollo', other: 'hermes', watchSeconds: 12 };
const RECONNECTS = 20;
const classes = [...new Set(FAULTS.map((fault) => fault.class))];
const chosen = ALL ? FAULTS : classes.map((wanted, index) => pick(FAULTS.filter((fault) => fault.class === wanted), index));

test.each(chosen.map((fault) => [fault.name, fault] as const))('%s', async (_name, fault) => {
  await andMended(() => mend(fault, watch), async () => {
    const watched = await runFault(fault, watch);
    process.stdout.write(`${fault.name}: first exec ${watched.firstExecSeconds.toFixed(2)} s, later ${watched.laterExecSeconds.toFixed(2)} s, list ${watched.slowestListSeconds.toFixed(2)} s, other ${watched.slowestOtherSeconds.toFixed(2)} s\n`);
  });
});

test(`${RECONNECTS} reconnects in a row on each lane: none stays dead`, async () => {
  for (const { lane, seconds } of await reconnect(watch.home, watch.instance, RECONNECTS)) {
    process.stdout.write(`${lane}: ${seconds.length} reconnects, slowest ${Math.max(...seconds).toFixed(2)} s\n`);
    expect(seconds).toHaveLength(RECONNECTS);
  }
  expect(await watch.home.info(watch.instance)).toMatchObject({ state: 'Running' });
});
