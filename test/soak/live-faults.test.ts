import { expect, test } from 'vitest';
import { HomeEnded, type InstanceInfo, type Outcome, type TestHome } from '../real/home.ts';
import { soakLiveFaults, type Soaked } from './live-faults.ts';

/** @returns a home that says of each network what is expected of it, and whose commands end as they are told to */
function homeThat(code: () => number): TestHome {
  const run = (): Promise<Outcome> => Promise.resolve({ code: code(), stdout: '', stderr: '', seconds: 0.5 });
  const info = (): Promise<InstanceInfo> => Promise.resolve({ hold: 'held', network: 'ok' } as InstanceInfo);
  return { run, must: run, info } as Partial<TestHome> as TestHome;
}

/** Of the faults the last: the network stays well. */
const LAST = () => 0.999;

test('each fault is told of as it is done, with what the others heard of it', async () => {
  const told: Soaked[] = [];
  const over = new Error('enough');
  await expect(soakLiveFaults({
    home: homeThat(() => 0), names: ['a', 'b'], seconds: 60, random: LAST,
    tell: (soaked) => { told.push(soaked); return told.length < 3 ? Promise.resolve() : Promise.reject(over); },
  })).rejects.toBe(over);
  expect(told).toHaveLength(3);
  expect(told[0]).toMatchObject({ said: expect.stringMatching(/^b: doorman killed .* list 0\.50 s, a 0\.50 s$/) as string, watched: { slowestListSeconds: 0.5, slowestOtherSeconds: 0.5 } });
});

test('one that fails is told of, and the next is made; a home that has ended is the end', async () => {
  const told: Soaked[] = [];
  let calls = 0;
  await expect(soakLiveFaults({
    home: homeThat(() => { calls += 1; if (calls > 2) throw new HomeEnded('over'); return 1; }), names: ['a', 'b'], seconds: 60, random: LAST,
    tell: (soaked) => { told.push(soaked); return Promise.resolve(); },
  })).rejects.toThrow(HomeEnded);
  expect(told).toEqual([{ said: expect.stringContaining('could not be made') as string, seconds: expect.any(Number) as number }]);
});
