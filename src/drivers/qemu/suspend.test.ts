import { expect, test } from 'vitest';
import { untilWhole } from './suspend.ts';

test.each(['suspended', 'kept with its memory'])('of a fork whose card has not come it is said that it cannot be %s', async (what) => {
  await expect(untilWhole('apollo', what, Promise.reject(new Error('no card')), new AbortController().signal)).rejects.toMatchObject({
    message: `apollo cannot be ${what}: it has not got its network card yet`, hint: 'what is wrong: holdfast doctor; where nothing is: holdfast stop apollo, then start it',
  });
});
