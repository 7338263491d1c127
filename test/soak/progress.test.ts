import { mkdtempDisposable } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AT_THE_END, keepMark, leftOfForks, readMarks, type Mark } from './progress.ts';

const fault = (took: number): Mark[] => [{ part: 'forks', what: 'exec after a fault', seconds: 1, took }, { part: 'forks', what: 'list', seconds: 0.3 }];
const end: Mark = { part: 'forks', what: AT_THE_END, seconds: 2 };

test('of the hour what is left is done, whatever else was marked and whatever failed', () => {
  expect(leftOfForks([], 60)).toBe(3600);
  expect(leftOfForks([{ part: 'cycles', what: 'start', seconds: 60 }, ...fault(12), { part: 'forks', what: 'exec after a fault', failed: 'x', took: 88 }], 60)).toBe(3500);
});

test('it is complete with the look at its end, and not run again; a longer wish goes on', () => {
  expect(leftOfForks([...fault(3601)], 60)).toBe(0);
  expect(leftOfForks([...fault(3601), end], 60)).toBeUndefined();
  expect(leftOfForks([...fault(3601), end], 90)).toBe(1799);
});

test('what was kept is read again, and without a file nothing is kept', async () => {
  await using scratch = await mkdtempDisposable('/var/tmp/hf-progress-');
  const path = join(scratch.path, 'marks');
  for (const mark of [...fault(1), end]) await keepMark(path, mark);
  expect(await readMarks(path)).toEqual([...fault(1), end]);
  await keepMark(undefined, end);
  expect([await readMarks(undefined), await readMarks(`${path}.none`)]).toEqual([[], []]);
});
