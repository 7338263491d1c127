import { expect, test } from 'vitest';
import { oneAtATime } from '../../../core/one-at-a-time.ts';
import { turnOrLeave } from './turn-or-leave.ts';

function queue() {
  const inTurn = oneAtATime();
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const before = inTurn(() => over);
  const said: string[] = [];
  const work = (word: string) => () => {
    said.push(word);
    return Promise.resolve(word);
  };
  return { inTurn, before, end, said, work };
}

test('who is called off while others are at work leaves at once, and his work is not begun when his turn would have come', async () => {
  const { inTurn, before, end, said, work } = queue();
  const abort = new AbortController();
  const mine = turnOrLeave(inTurn, work('mine'), abort.signal);
  const next = turnOrLeave(inTurn, work('next'), new AbortController().signal);
  abort.abort(new Error('called off'));
  await expect(mine).rejects.toThrow('called off');
  expect(said).toEqual([]);
  end();
  await Promise.all([before, next]);
  expect(said).toEqual(['next']);
});

test('what has begun is carried through, and keeps its turn until it is over', async () => {
  const { inTurn, end, said, work } = queue();
  end();
  const abort = new AbortController();
  const { promise: done, resolve: finish } = Promise.withResolvers<string>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const mine = turnOrLeave(inTurn, () => { begin(); return done; }, abort.signal);
  const next = turnOrLeave(inTurn, work('next'), new AbortController().signal);
  await begun;
  abort.abort(new Error('called off'));
  await Promise.resolve();
  expect(said).toEqual([]);
  finish('whole');
  expect(await Promise.all([mine, next])).toEqual(['whole', 'next']);
});

test('who was called off before does not even wait', async () => {
  const { inTurn, said, work } = queue();
  await expect(turnOrLeave(inTurn, work('mine'), AbortSignal.abort(new Error('called off')))).rejects.toThrow('called off');
  expect(said).toEqual([]);
});
