/** What a purge takes: what was deleted when it was asked for. */
import { expect, test } from 'vitest';
import { act } from '../../src/daemon/instances/actions.ts';
import { purge } from '../../src/daemon/instances/purge.ts';
import { StubHost } from './stub-host.ts';

test('what is deleted while a purge is at work stays, and so does what was recovered meanwhile', async () => {
  const host = new StubHost();
  const house = host.daemon();
  const [first, second, later] = ['first', 'second', 'later'].map((name) => host.add(house, name));
  for (const each of [first, second]) each?.settle('Deleted');
  host.during.remove = async () => {
    delete host.during.remove;
    for (const begun of [act(house, 'later', { action: 'delete' }), act(house, 'second', { action: 'recover' })]) expect((await house.engine.ended(begun.id)).error).toBeNull();
  };
  expect((await house.engine.ended(purge(house).id)).error).toBeNull();
  expect(house.registry.all.map(({ name, state }) => [name, state])).toEqual([['second', 'Stopped'], ['later', 'Deleted']]);
  expect(later?.state).toBe('Deleted');
});

test('a purge that the next daemon finishes takes nothing that was deleted after it was asked for', async () => {
  const host = new StubHost();
  const house = host.daemon();
  const [first, later] = ['first', 'later'].map((name) => host.add(house, name));
  for (const each of [first, later]) {
    each?.want({ deleted: true });
    each?.settle('Deleted');
  }
  const { id } = host.leave(undefined, 'purge', { ids: [first?.id] });
  const next = await host.nextDaemon();
  expect((await next.engine.ended(id)).error).toBeNull();
  expect(next.registry.all.map(({ name }) => name)).toEqual(['later']);
});
