import { expect, test } from 'vitest';
import { MountOrder } from './mount-order.ts';

const NEVER = new Promise<void>(() => {});
const soon = async (): Promise<void> => await new Promise((resolve) => { setImmediate(resolve); });

test('what is mounted below another waits until that one is in', async () => {
  const order = new MountOrder();
  const above = await order.turn('apollo /data', NEVER);
  let came = false;
  const below = order.turn('apollo /data/sub', NEVER).then((turn) => { came = true; return turn; });
  await soon();
  expect(came).toBe(false);
  void above.in();
  expect((await below).isToLeave).toBe(false);
});

test('what is below one that comes leaves first', async () => {
  const order = new MountOrder();
  const below = await order.turn('apollo /data/sub', NEVER);
  const left = below.in();
  let came = false;
  const above = order.turn('apollo /data', NEVER).then((turn) => { came = true; return turn; });
  await left;
  expect([below.isToLeave, came]).toEqual([true, false]);
  below[Symbol.dispose]();
  expect((await above).isToLeave).toBe(false);
});

test('one that does not come, or is stopped, keeps nobody waiting, and others need not wait at all', async () => {
  const order = new MountOrder();
  const above = await order.turn('apollo /data', NEVER);
  await order.turn('apollo /database', NEVER);
  await order.turn('hermes /data/sub', NEVER);
  await order.turn('apollo /data/one', Promise.resolve());
  const below = order.turn('apollo /data/two', NEVER);
  above[Symbol.dispose]();
  await below;
});
