import { expect, test } from 'vitest';
import { fail } from '../../core/errors.ts';
import { broken, well, type Check, type Finding } from '../../drivers/check.ts';
import { mendAll } from './mend-all.ts';

const PATIENCE = { settleMs: 50, followMs: 50 };
const { signal } = new AbortController();
const check = (layer: Check['layer'], find: () => Finding): Check => ({ id: layer, layer, title: layer, deadlineMs: 1_000, run: () => Promise.resolve(find()) });

test('a fix that helps is told as good, and the whole is looked at anew', async () => {
  let sick = true;
  const make = () => [check('doorman', () => (sick ? broken('stopped', 'start it', { deadlineMs: 100, run: () => {
    sick = false;
    return Promise.resolve('started it');
  } }) : well('it runs')))];
  expect(await mendAll('apollo', make, PATIENCE, signal)).toMatchObject({ instance: 'apollo', cause: null, fixes: [{ check: 'doorman', did: 'started it', good: true, seen: 'it runs' }] });
});

test('one that does not help is tried once, and told as broken still', async () => {
  let tries = 0;
  const make = () => [check('dns', () => broken('silent', 'name another', { deadlineMs: 100, run: () => Promise.resolve(`tried ${++tries}`) }))];
  expect(await mendAll('apollo', make, PATIENCE, signal)).toMatchObject({ cause: 'dns', fixes: [{ did: 'tried 1', good: false }] });
});

test('one that fails, or does not end, is told with why, and the next is tried all the same', async () => {
  const make = () => [
    check('python', () => broken('gone', 'install it', { deadlineMs: 100, run: () => Promise.reject(fail('exec-failed', 'no mirror')) })),
    check('dns', () => broken('silent', 'name another', { deadlineMs: 50, run: () => new Promise<string>(() => {}) })),
  ];
  const { fixes } = await mendAll('apollo', make, PATIENCE, signal);
  expect(fixes.map(({ did, good }) => [did, good])).toEqual([['it failed: no mirror', false], ['it failed: not done within 0.1 s', false]]);
});

test('what only followed from the first is well without a fix of its own', async () => {
  let down = true;
  let renewed = false;
  const make = () => [
    check('link', () => (down ? broken('down', 'set it up', { deadlineMs: 100, run: () => {
      down = false;
      return Promise.resolve('set it up');
    } }) : well('up'))),
    check('address', () => (down ? broken('none', 'renew', { deadlineMs: 100, run: () => {
      renewed = true;
      return Promise.resolve('renewed');
    } }) : well('leased'))),
  ];
  expect((await mendAll('apollo', make, PATIENCE, signal)).fixes.map(({ check: id }) => id)).toEqual(['link']);
  expect(renewed).toBe(false);
});

test('what failed is tried again once all others had their turn and one of them helped', async () => {
  const sick = new Set(['python', 'link', 'address', 'dns']);
  const order: string[] = [];
  const mending = (id: Check['layer'], can: () => boolean) => check(id, () => (sick.has(id) ? broken('gone', 'mend it', { deadlineMs: 100, run: () => {
    order.push(id);
    if (!can()) return Promise.reject(fail('exec-failed', 'no mirror'));
    sick.delete(id);
    return Promise.resolve(`mended ${id}`);
  } }) : well('there')));
  const make = () => [mending('python', () => !sick.has('address')), mending('link', () => true), mending('address', () => true), mending('dns', () => false)];
  const { cause, fixes } = await mendAll('apollo', make, PATIENCE, signal);
  expect(order).toEqual(['python', 'link', 'address', 'dns', 'python', 'dns']);
  expect(fixes.filter(({ check: id }) => id === 'python').map(({ good }) => good)).toEqual([false, true]);
  expect(cause).toBe('dns');
});

test('fixes that undo each other come to an end', async () => {
  let sick: Check['layer'] = 'link';
  let tries = 0;
  const mending = (id: Check['layer'], other: Check['layer']) => check(id, () => (sick === id ? broken('gone', 'mend it', { deadlineMs: 100, run: () => {
    tries += 1;
    sick = other;
    return Promise.resolve(`broke ${other}`);
  } }) : well('there')));
  const { cause } = await mendAll('apollo', () => [mending('link', 'address'), mending('address', 'link')], PATIENCE, signal);
  expect([cause, tries]).toEqual(['link', 4]);
});
