/** Judge A in small: some of the cases, which ones the commit decides. `npm run predict -- a` judges a thousand. */
import { beforeAll, describe, expect, test } from 'vitest';
import { rotation } from '../rotation.ts';
import { changeOf, disagrees, runCases, type JudgedCase } from './rendering/run-cases.ts';
import { fetchGenerator, NETPLAN_RELEASES } from './rendering/netplan-package.ts';
import { renderingLine } from './tables.ts';

const COUNT = 100;
const SEED = rotation() % 100_000;
/** Of a hundred, where one in a hundred is allowed in the long run. */
const MOST_DIFFERENT = 4;

test('a case is the same whichever were made before it', () => {
  const first = changeOf(SEED, 17);
  changeOf(SEED, 3);
  expect(changeOf(SEED, 17)).toEqual(first);
  expect(changeOf(SEED, 18)).not.toEqual(first);
});

// The packages are Debian's for this processor.
describe.runIf(process.arch === 'x64' && process.platform === 'linux')('against netplan\'s own generator', () => {
  describe.each([12, 13] as const)('of Debian %i', (debian) => {
    const cases: JudgedCase[] = [];
    beforeAll(async () => {
      await runCases(await fetchGenerator(NETPLAN_RELEASES[debian]), SEED, Array.from({ length: COUNT }, (_, number) => number), (judged) => cases.push(judged));
    }, 300_000);
    const shown = (wrong: readonly JudgedCase[]): string => `npm run predict -- a seed=${SEED} release=${debian} case=…\n${wrong.map(renderingLine).join('\n')}`;

    test('what it refuses is predicted to be refused, and nothing else', () => {
      const wrong = cases.filter(({ netplan, predicted }) => (netplan === 'accepted') !== (predicted === 'accepted'));
      expect(wrong.length, shown(wrong)).toBeLessThanOrEqual(MOST_DIFFERENT);
    });

    test('what it renders is predicted', () => {
      const wrong = cases.filter((each) => disagrees(each) && each.differences.length > 0);
      expect(wrong.length, shown(wrong)).toBeLessThanOrEqual(MOST_DIFFERENT);
    });

    test('no change is called safe by which the default card loses its address', () => {
      const wrong = cases.filter(({ verdict, keepsAddress }) => verdict === 'safe' && keepsAddress === false);
      expect(wrong.length, shown(wrong)).toBe(0);
      // And such changes there are: at least a quarter.
      expect(cases.filter(({ keepsAddress }) => keepsAddress === false).length).toBeGreaterThanOrEqual(COUNT / 5);
    });
  });
});
