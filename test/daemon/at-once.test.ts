/** Two things at once, of which each keeps what the other did. */
import { describe, expect, test } from 'vitest';
import { fail } from '../../src/core/errors.ts';
import type { InstanceSpec } from '../../src/core/instance.ts';
import type { House } from '../../src/daemon/instances/house.ts';
import { attachCard, detachCard } from '../../src/daemon/network/plug.ts';
import { changeNetwork } from '../../src/daemon/network/transaction/change.ts';
import { preparingStatic } from '../../src/daemon/network/transaction/static.ts';
import type { Task } from '../../src/daemon/operations/engine.ts';
import { act } from '../../src/daemon/instances/actions.ts';
import { restoreSnapshot, takeSnapshot } from '../../src/daemon/instances/snapshots.ts';
import { makeSettings } from '../../src/daemon/settings/settings.ts';
import { fakeNetwork } from './fake-network.ts';
import { StubHost } from './stub-host.ts';

const addresses = (house: House) => house.registry.all.map(({ record }) => record.instance.spec.cards?.map(({ address }) => address));

function two(): { host: StubHost; house: House } {
  const host = new StubHost();
  const house = host.daemon({ network: fakeNetwork() });
  for (const name of ['apollo', 'hermes']) host.add(house, name);
  return { host, house };
}

test('two cards that are asked for at once, for two instances, have an address each', async () => {
  const { house } = two();
  const begun = await Promise.all(['apollo', 'hermes'].map((name) => attachCard(house, name, {})));
  for (const { id } of begun) expect((await house.engine.ended(id)).error).toBeNull();
  expect(addresses(house).flat().toSorted()).toEqual(['10.107.31.2', '10.107.31.3']);
});

test('two cards that are asked for at once for one instance: one of them is told that it is busy', async () => {
  const { host, house } = two();
  await house.engine.ended(act(house, 'apollo', { action: 'start' }).id);
  const asked = Promise.withResolvers<void>();
  host.during.plug = () => asked.promise;
  const both = await Promise.allSettled([attachCard(house, 'apollo', {}), attachCard(house, 'apollo', {})]);
  asked.resolve();
  expect(both.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))).toMatchObject([{ code: 'instance-busy' }]);
  for (const each of both) if (each.status === 'fulfilled') expect((await house.engine.ended(each.value.id)).error).toBeNull();
  expect(addresses(house)).toEqual([['10.107.31.2'], undefined]);
});

test('a card whose operation is cancelled before it begins is not kept, and nobody works on the instance then', async () => {
  const { house } = two();
  const { id } = await attachCard(house, 'apollo', {});
  expect((await house.engine.cancel(id)).status).toBe('cancelled');
  expect(addresses(house)).toEqual([[], undefined]);
  expect(house.registry.require('apollo').occupation).toBeUndefined();
});

test('two static addresses that are asked for at once, each on a card that is added for it, are on cards with an address each', async () => {
  const { house } = two();
  for (const name of ['apollo', 'hermes']) await house.engine.ended(act(house, name, { action: 'start' }).id);
  // Of another network: the card has a lease besides.
  const prepared = await Promise.all(house.registry.all.map((supervisor) => preparingStatic(house, supervisor, { change: 'static', address: '192.168.7.7/24' })));
  const noticed = new AbortController();
  const task = { signal: noticed.signal, progress: () => {} } as unknown as Task;
  const made = prepared.map(async ({ before }) => await before?.(task).catch(() => undefined));
  await new Promise((resolve) => { setImmediate(resolve); });
  noticed.abort();
  await Promise.all(made);
  expect(addresses(house)).toEqual([['10.107.31.2'], ['10.107.31.3']]);
  for (const { undo } of prepared) await undo?.(task);
  expect(addresses(house)).toEqual([[], []]);
});

test('a card that cannot be plugged in is taken back, and nothing else', async () => {
  const { host, house } = two();
  await house.engine.ended(act(house, 'apollo', { action: 'start' }).id);
  const apollo = house.registry.require('apollo');
  host.during.plug = () => {
    apollo.respecify({ ...apollo.record.instance.spec, autostart: true });
    throw fail('machine-failed', 'it cannot be plugged in');
  };
  const { id } = await attachCard(house, 'apollo', {});
  expect((await house.engine.ended(id)).error?.message).toBe('it cannot be plugged in');
  expect(apollo.record.instance.spec).toMatchObject({ autostart: true, cards: [] });
});

test('what is set while a size is changed, or a snapshot restored, is kept', async () => {
  const { host, house } = two();
  const apollo = house.registry.require('apollo');
  const settings = makeSettings(house);
  const autostart = async (value: string): Promise<void> => void await settings.set('local.apollo.autostart', { value });
  host.during.modify = async () => await autostart('true');
  await settings.set('local.apollo.cpus', { value: '3' });
  expect(apollo.record.instance.spec).toMatchObject({ cpus: 3, autostart: true });
  await house.engine.ended(takeSnapshot(house, 'apollo', { name: 'three' }).id);
  delete host.during.modify;
  await settings.set('local.apollo.cpus', { value: '4' });
  host.during.revert = async () => await autostart('false');
  expect((await house.engine.ended((await restoreSnapshot(house, 'apollo', 'three', true)).id)).error).toBeNull();
  expect(apollo.record.instance.spec).toMatchObject({ cpus: 3, autostart: false });
});

/** With apollo on a host that does not say which networks it has before `say` is called. */
function slow(spec: Partial<InstanceSpec> = {}): { house: House; say: () => void } {
  const host = new StubHost();
  const { promise, resolve: say } = Promise.withResolvers<void>();
  const network = fakeNetwork();
  const house = host.daemon({ network: {
    ...network, subnet: async (zone) => await promise.then(() => network.subnet(zone)), bridgeable: async () => await promise.then(() => network.bridgeable()),
  } });
  host.add(house, 'apollo', spec);
  return { house, say };
}

test('a card for an instance that is removed while its network is looked up is refused', async () => {
  const { house, say } = slow();
  const attached = attachCard(house, 'apollo', {});
  const refused = expect(attached).rejects.toMatchObject({ code: 'instance-not-found' });
  await house.engine.ended(act(house, 'apollo', { action: 'delete', purge: true }).id);
  say();
  await refused;
});

describe('a static address', () => {
  const ADDRESS = { change: 'static', address: '192.168.7.7/24' } as const;

  test.each([
    ['stopped', { action: 'stop' }, 'wrong-state'], ['removed', { action: 'delete', purge: true }, 'instance-not-found'],
  ] as const)('for an instance that is %s while its network is looked up is refused', async (_, action, code) => {
    const { house, say } = slow();
    await house.engine.ended(act(house, 'apollo', { action: 'start' }).id);
    const refused = expect(changeNetwork(house, 'apollo', ADDRESS)).rejects.toMatchObject({ code });
    await house.engine.ended(act(house, 'apollo', action).id);
    say();
    await refused;
  });

  test('whose instance ends before it is begun leaves no card', async () => {
    const { host, house } = two();
    await house.engine.ended(act(house, 'apollo', { action: 'start' }).id);
    const { id } = await changeNetwork(house, 'apollo', ADDRESS);
    for (const machine of host.machines.values()) machine.finish({ kind: 'powered-off' });
    expect((await house.engine.ended(id)).error?.code).toBe('wrong-state');
    expect(addresses(house)).toEqual([undefined, undefined]);
  });

  test('is not on a card that is taken out while its network is looked up', async () => {
    const { house, say } = slow({ cards: [{ slot: 1, mac: '52:54:00:00:00:77', network: 'br0', mode: 'auto', address: null, seeded: false }] });
    const prepared = preparingStatic(house, house.registry.require('apollo'), { ...ADDRESS, network: 'br0' });
    await house.engine.ended(detachCard(house, 'apollo', '1').id);
    say();
    // One is added for it.
    expect((await prepared).kept).toEqual({ slot: 1 });
  });
});
