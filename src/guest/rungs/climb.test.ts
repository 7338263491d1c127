import { describe, expect, test } from 'vitest';
import type { GuestShell } from '../shell.ts';
import { climb, type RungRoute } from './climb.ts';

const signal = new AbortController().signal;
const shell = { user: 'root', alive: true } as GuestShell;
const refused = async (): Promise<GuestShell> => { throw new Error('refused'); };
const silent = (limit: AbortSignal): Promise<GuestShell> => new Promise((_, reject) => {
  limit.addEventListener('abort', () => reject(new Error('silent')), { once: true });
});

describe('climb', () => {
  test('a rung that is known to be closed costs the others little', async () => {
    const routes: RungRoute[] = [
      { rung: 'lane', name: 'its lane', reach: silent, absent: () => ({ patienceMs: 20, why: 'nobody has it open' }) },
      { rung: 'console', name: 'its console', reach: async () => shell },
    ];
    const startedAt = performance.now();
    expect(await climb('apollo', routes, { deadlineMs: 10_000, signal })).toMatchObject({ rung: 'console', passedOver: ['its lane: nobody has it open'] });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  test('an attempt on a closed rung goes on beside the later ones, since a guest may only be restarting', async () => {
    const opening = Promise.withResolvers<GuestShell>();
    const routes: RungRoute[] = [
      { rung: 'lane', name: 'its lane', reach: () => opening.promise, absent: () => ({ patienceMs: 1, why: 'nobody has it open' }) },
      { rung: 'address', name: 'its address', reach: refused },
      { rung: 'console', name: 'its console', reach: silent },
    ];
    const reached = climb('apollo', routes, { deadlineMs: 5_000, signal });
    setTimeout(() => opening.resolve(shell), 100);
    expect(await reached).toMatchObject({ rung: 'lane', passedOver: [] });
  });

  test('says of every rung why it did not do', async () => {
    const routes: RungRoute[] = [{ rung: 'lane', name: 'its lane', reach: refused }, { rung: 'console', name: 'its console', reach: silent }];
    await expect(climb('apollo', routes, { deadlineMs: 100, signal })).rejects.toThrow('apollo is running, but could not be reached within 0.1 s: its lane: refused; its console: silent');
  });
});
