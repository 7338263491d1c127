import { expect, test } from 'vitest';
import { oneAtATime } from './one-at-a-time.ts';

test('each begins when the one before it has ended, in the order in which they were asked for', async () => {
  const inTurn = oneAtATime();
  const said: string[] = [];
  const first = Promise.withResolvers<string>();
  const all = [
    inTurn(async () => { said.push('a begins'); const result = await first.promise; said.push('a ends'); return result; }),
    inTurn(() => { said.push('b'); return Promise.resolve('b'); }),
  ];
  await oneAtATime()(() => Promise.resolve());
  expect(said).toEqual(['a begins']);
  first.resolve('a');
  expect(await Promise.all(all)).toEqual(['a', 'b']);
  expect(said).toEqual(['a begins', 'a ends', 'b']);
});

test('one that fails, or throws before it returns anything, fails for whoever asked for it, and the next has its turn', async () => {
  const inTurn = oneAtATime();
  const rejected = inTurn(() => Promise.reject(new Error('no')));
  const thrown = inTurn(() => { throw new Error('not at all'); });
  const next = inTurn(() => Promise.resolve('done'));
  await expect(rejected).rejects.toThrow('no');
  await expect(thrown).rejects.toThrow('not at all');
  expect(await next).toBe('done');
});
