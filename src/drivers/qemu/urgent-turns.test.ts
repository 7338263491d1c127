import { expect, test } from 'vitest';
import { UrgentTurns, type Urgency } from './urgent-turns.ts';

const never = new AbortController().signal;

function taker(turns: UrgentTurns, order: string[]) {
  return async (name: string, urgency: Urgency, signal = never): Promise<Disposable> => {
    const turn = await turns.take(urgency, signal);
    order.push(name);
    return turn;
  };
}

test('no more at once than there is room for; what is urgent goes first, the rest in the order it came', async () => {
  const turns = new UrgentTurns(2);
  const order: string[] = [];
  const take = taker(turns, order);
  const [first, second] = await Promise.all([take('a', 'later'), take('b', 'now')]);
  const rest = [take('c', 'later'), take('d', 'later'), take('e', 'now')];
  await Promise.resolve();
  expect(order).toEqual(['a', 'b']);
  first?.[Symbol.dispose]();
  first?.[Symbol.dispose]();
  await rest[2];
  expect(order).toEqual(['a', 'b', 'e']);
  second?.[Symbol.dispose]();
  (await rest[0])?.[Symbol.dispose]();
  await rest[1];
  expect(order).toEqual(['a', 'b', 'e', 'c', 'd']);
});

test('who leaves the queue takes no turn from the others', async () => {
  const turns = new UrgentTurns(1);
  const order: string[] = [];
  const take = taker(turns, order);
  const held = await take('a', 'now');
  const leaving = new AbortController();
  const left = take('b', 'now', leaving.signal);
  const next = take('c', 'later');
  leaving.abort();
  await expect(left).rejects.toMatchObject({ code: 'cancelled' });
  await expect(take('d', 'now', AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
  held[Symbol.dispose]();
  await next;
  expect(order).toEqual(['a', 'c']);
});
