import fc from 'fast-check';
import { expect, test } from 'vitest';
import { attempts, sourceOf } from './attempts.ts';

const PACE = { burst: 3, everyMs: 1000, sources: 100 };

test('a few tries at once, then one in a while; a pause gives the few again, and no more than them', () => {
  let at = 5_000;
  const { waitFor } = attempts(PACE, () => at);
  expect([waitFor('a'), waitFor('a'), waitFor('a'), waitFor('a'), waitFor('a')]).toEqual([0, 0, 0, 1000, 1000]);
  at += 400;
  expect([waitFor('a'), waitFor('b')]).toEqual([600, 0]);
  at += 600;
  expect([waitFor('a'), waitFor('a')]).toEqual([0, 1000]);
  at += 3_600_000;
  expect([waitFor('a'), waitFor('a'), waitFor('a'), waitFor('a')]).toEqual([0, 0, 0, 1000]);
});

test('whenever one tries, he gets no more than the few and one per while; a waiting that was told is enough', () => {
  fc.assert(fc.property(fc.array(fc.nat(2000), { maxLength: 200 }), (pauses) => {
    let [at, allowed] = [0, 0];
    const { waitFor } = attempts(PACE, () => at);
    for (const pause of pauses) {
      at += pause;
      if (waitFor('a') === 0) allowed += 1;
    }
    expect(allowed).toBeLessThanOrEqual(PACE.burst + at / PACE.everyMs);
    const wait = waitFor('a');
    at += wait;
    if (wait > 0) expect(waitFor('a')).toBe(0);
  }));
});

test('who is remembered is bounded, and a guesser among many others is not forgotten while he guesses', () => {
  let at = 0;
  const { waitFor } = attempts({ ...PACE, sources: 10 }, () => at);
  let allowed = 0;
  for (let n = 0; n < 1000; n += 1) {
    at += 10;
    if (waitFor('guesser') === 0) allowed += 1;
    if (n % 300 === 0) waitFor(`other ${n}`);
  }
  expect(allowed).toBeLessThanOrEqual(3 + 10);
});

test.each([
  ['::ffff:10.0.0.1', '10.0.0.1'], ['10.0.0.1', '10.0.0.1'], ['2001:db8:0:1::5', '20010db800000001/64'], ['2001:db8:0:1:ffff::', '20010db800000001/64'], ['fe80::1%eth0', 'fe80000000000000/64'],
])('%s is counted as %s', (address, source) => expect(sourceOf(address).padStart(source.length, '0')).toBe(source));
