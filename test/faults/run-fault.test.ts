/** What counts as held, with a home that answers by itself. */
import { expect, test } from 'vitest';
import type { InstanceInfo, Outcome, TestHome } from '../real/home.ts';
import { runFault } from './run-fault.ts';
import type { Fault } from './table.ts';

const FAULT: Fault = { name: 'a fault', class: 'link', network: 'ok', make: 'break it', mend: 'true' };

interface Said {
  readonly made?: number;
  readonly seconds?: Readonly<Record<string, number>>;
}

/** @returns a home whose commands end at once, and say that they took so long */
function homeThat({ made = 0, seconds = {} }: Said = {}): TestHome {
  const run = ([command = '', name = '', ...rest]: readonly string[]): Promise<Outcome> =>
    Promise.resolve({ code: rest.includes('break it') ? made : 0, stdout: '', stderr: '', seconds: seconds[`${command} ${name}`.trim()] ?? 0.5 });
  return { run, must: run, info: () => Promise.resolve({ hold: 'held', network: 'ok' } as InstanceInfo) } as Partial<TestHome> as TestHome;
}

const held = (said?: Said, fault = FAULT) => runFault(fault, { home: homeThat(said), instance: 'apollo', other: 'hermes', watchSeconds: 0 });

test('what the others hear of it is measured however short the watch', async () => {
  expect(await held({ seconds: { list: 0.3, 'exec hermes': 1.5 } })).toMatchObject({ slowestListSeconds: 0.3, slowestOtherSeconds: 1.5, laterExecSeconds: 0.5 });
});

test.each([
  [{ list: 4 }, /^a fault: list took 4\.0 s, and 3 are allowed/],
  [{ 'exec hermes': 11 }, /exec in another instance took 11\.0 s, and 10 are allowed/],
  [{ 'exec apollo': 12, list: 4 }, /later exec took 12\.0 s, and 10 are allowed; list took 4\.0 s/],
  [{ list: 0 }, /list took 0\.0 s/],
])('%j is too long, or was not measured: it has not held', async (seconds, why) => {
  await expect(held({ seconds })).rejects.toThrow(why);
});

test('a script that failed has broken nothing, whatever comes after it', async () => {
  await expect(held({ made: 1 })).rejects.toThrow('a fault could not be made: its script ended with 1');
  await expect(held({ made: 255 }), 'a command that was cut off where it was not to be').rejects.toThrow('could not be made');
});

test('what may end the command that makes it is made when that is cut off, and not when its script failed', async () => {
  const fault: Fault = { ...FAULT, cutsOff: true };
  for (const made of [0, 255, 137]) await expect(held({ made }, fault)).resolves.toMatchObject({ fault: 'a fault' });
  for (const made of [1, 127]) await expect(held({ made }, fault)).rejects.toThrow('could not be made');
});
