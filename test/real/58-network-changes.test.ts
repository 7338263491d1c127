/** A network change that is not confirmed, and what can befall the guest meanwhile: one of each, the commit decides which. */
import { expect, test } from 'vitest';
import { CHANGE_FAULTS, runChangeFault } from '../faults/network-changes.ts';
import { ALL, pick } from '../rotation.ts';
import { openHomeUnderTest } from './provided.ts';

const watch = { home: openHomeUnderTest(), instance: 'apollo' };

test.each((ALL ? CHANGE_FAULTS : [pick(CHANGE_FAULTS)]).map((fault) => [fault.name, fault] as const))('%s: all is as before, by the guest itself', async (_name, fault) => {
  const found = await runChangeFault(fault, watch);
  process.stdout.write(`${fault.name}: ${found}\n`);
  expect(found).toContain('restored');
});
