/** Judge B in small: some changes of netplan files, which ones the commit decides, and what they do to a real guest. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLab, type Lab } from '../predict/guest/lab.ts';
import { tryCase, type Tried } from '../predict/guest/try-case.ts';
import { guestLine } from '../predict/tables.ts';
import { rotation } from '../rotation.ts';
import { openHomeUnderTest } from './provided.ts';

const COUNT = 6;
const SEED = rotation() % 100_000;

describe.runIf(process.getuid?.() === 0)('changes as predicted', () => {
  let lab: Lab | undefined;
  beforeAll(async () => { lab = await openLab(openHomeUnderTest(), 'oracle'); });
  afterAll(async () => { await lab?.[Symbol.asyncDispose](); });

  test('none that is called safe locks the host out, and the guest is put back after each', async () => {
    if (lab === undefined) throw new Error('there is no guest');
    const tried: Tried[] = [];
    for (let number = 0; number < COUNT; number += 1) {
      tried.push(await tryCase(lab, SEED, number));
      process.stdout.write(`${tried.map(guestLine).at(-1)?.slice(0, 200)}\n`);
    }
    const shown = `npm run predict -- b seed=${SEED} case=…\n${tried.map(guestLine).join('\n')}`;
    expect(tried.filter(({ verdict, happened }) => verdict === 'safe' && happened === 'locked out'), shown).toEqual([]);
    expect(tried.filter(({ predicted, accepted }) => (predicted === 'accepted') !== accepted), shown).toEqual([]);
    expect(tried.filter(({ verdict, happened }) => (verdict === 'lockout' || verdict === 'caution') && happened === 'nothing').length, shown).toBeLessThanOrEqual(1);
  });
});
