import { expect, test } from 'vitest';
import { causeOf, inLayers, nextToFix, obstacleOf, type CheckResult, type Layer, type Status } from './diagnosis.ts';

const result = (layer: Layer, status: Status, more: Partial<CheckResult> = {}): CheckResult =>
  ({ id: layer, layer, title: `the ${layer}`, status, seen: '', remedy: null, fixable: false, ...more });

test('checks are told from the outside in, however they came', () => {
  expect(inLayers([result('clock', 'ok'), result('link', 'ok'), result('machine', 'ok')]).map(({ id }) => id)).toEqual(['machine', 'link', 'clock']);
});

test('within a layer the order is that of the table', () => {
  const two = [result('machine', 'ok', { id: 'process' }), result('machine', 'ok', { id: 'monitor' })];
  expect(inLayers(two).map(({ id }) => id)).toEqual(['process', 'monitor']);
});

test('the first broken layer is the cause, wherever it stands in what was found', () => {
  expect(causeOf([result('lanes', 'broken'), result('dns', 'broken'), result('python', 'broken')])?.id).toBe('python');
});

test('a warning and what was skipped are no cause', () => {
  expect(causeOf([result('machine', 'warn'), result('lanes', 'skipped'), result('link', 'ok')])).toBeUndefined();
});

test('what needs a broken one is skipped because of it', () => {
  expect(obstacleOf([{ result: result('python', 'broken'), obstacle: undefined }])).toEqual({ id: 'python', title: 'the python' });
});

test('what needs a skipped one is skipped because of what that was skipped for', () => {
  const python = { id: 'python', title: 'the python' };
  expect(obstacleOf([{ result: result('doorman', 'skipped'), obstacle: python }])).toBe(python);
});

test('one that had nothing to look at, or only warns, is no obstacle', () => {
  expect(obstacleOf([{ result: result('neighbour', 'skipped'), obstacle: undefined }, { result: result('system', 'warn'), obstacle: undefined }])).toBeUndefined();
});

test('what is mended next is the first that can be, and each is tried once', () => {
  const found = [result('dns', 'broken', { fixable: true }), result('doorman', 'broken', { fixable: true }), result('system', 'broken')];
  expect(nextToFix(found, new Set())?.id).toBe('doorman');
  expect(nextToFix(found, new Set(['doorman']))?.id).toBe('dns');
  expect(nextToFix(found, new Set(['doorman', 'dns']))).toBeUndefined();
});

test('what is well is not mended', () => {
  expect(nextToFix([result('doorman', 'ok', { fixable: true })], new Set())).toBeUndefined();
});
