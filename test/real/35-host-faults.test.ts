/** What can befall the host: one of it, which one the commit decides; `npm run faults` has them all, with a daemon that is away for ten minutes. */
import { expect, test } from 'vitest';
import { HOST_FAULTS } from '../faults/host.ts';
import { ALL, pick } from '../rotation.ts';
import { openHomeUnderTest } from './provided.ts';

/** Longer than a lane may be silent before the hold is said to be lost. */
const watch = { home: openHomeUnderTest(), instance: 'apollo', awaySeconds: 20 };

test.each((ALL ? HOST_FAULTS : [pick(HOST_FAULTS)]).map((fault) => [fault.name, fault] as const))('%s', async (name, fault) => {
  const measured = await fault.run(watch);
  process.stdout.write(`${name}: ${measured}\n`);
  expect(measured).not.toBe('');
});
