import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

test('so many at once, the others in their order; a turn that is ended twice gives one place', async () => {
  const turns = new Turns(2);
  const said: string[] = [];
  const ends: (() => void)[] = [];
  for (const name of ['a', 'b', 'c', 'd']) void turns.take().then((end) => { said.push(name); ends.push(end); });
  const settled = () => new Promise((resolve) => { setImmediate(resolve); });
  await settled();
  expect(said).toEqual(['a', 'b']);
  ends[0]?.();
  ends[0]?.();
  await settled();
  expect(said).toEqual(['a', 'b', 'c']);
  ends[1]?.();
  ends[2]?.();
  await settled();
  expect(said).toEqual(['a', 'b', 'c', 'd']);
  await turns.take();
});
