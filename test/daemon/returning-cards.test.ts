/** What a restore does with cards whose address or MAC has been given to another instance since. */
import { expect, test } from 'vitest';
import type { ExtraCard } from '../../src/core/instance.ts';
import type { House } from '../../src/daemon/instances/house.ts';
import { act } from '../../src/daemon/instances/actions.ts';
import { restoreSnapshot, takeSnapshot } from '../../src/daemon/instances/snapshots.ts';
import { attachCard, detachCard } from '../../src/daemon/network/plug.ts';
import { fakeNetwork } from './fake-network.ts';
import { StubHost } from './stub-host.ts';

const MAC = '52:54:00:00:00:77';
const cardsOf = (house: House, name: string): readonly ExtraCard[] => house.registry.require(name).record.instance.spec.cards ?? [];

/** Apollo had this card in its snapshot, and has it no more. */
async function withSnapshotOf(card: Partial<ExtraCard>, live = false): Promise<{ host: StubHost; house: House; restore: () => ReturnType<House['engine']['ended']> }> {
  const host = new StubHost();
  const house = host.daemon({ network: fakeNetwork() });
  host.add(house, 'apollo', { network: { kind: 'bridge', address: '10.107.31.2' }, cards: [{ slot: 1, mac: MAC, network: null, mode: 'auto', address: '10.107.31.3', seeded: true, ...card }] });
  host.add(house, 'hermes', { network: { kind: 'bridge', address: '10.107.31.9' } });
  if (live) await house.engine.ended(act(house, 'apollo', { action: 'start' }).id);
  await house.engine.ended(takeSnapshot(house, 'apollo', { name: 'one', live }).id);
  if (live) await house.engine.ended(act(house, 'apollo', { action: 'stop' }).id);
  await house.engine.ended(detachCard(house, 'apollo', '1').id);
  return { host, house, restore: async () => await house.engine.ended((await restoreSnapshot(house, 'apollo', 'one', true)).id) };
}

test('what nobody has been given meanwhile they have again', async () => {
  const { house, restore } = await withSnapshotOf({});
  await house.engine.ended((await attachCard(house, 'hermes', { network: 'br0' })).id);
  expect(await restore()).toMatchObject({ error: null, notices: [] });
  expect(cardsOf(house, 'apollo')).toEqual([{ slot: 1, mac: MAC, network: null, mode: 'auto', address: '10.107.31.3', seeded: true }]);
});

test('an address that another instance has stays that one\'s: the card gets the next that is free, and that is said', async () => {
  const { house, restore } = await withSnapshotOf({ fixed: { address: '10.107.31.3/24', gateway: null, dns: [] } });
  await house.engine.ended((await attachCard(house, 'hermes', {})).id);
  expect(cardsOf(house, 'hermes')[0]?.address).toBe('10.107.31.3');
  expect(await restore()).toMatchObject({ error: null, notices: ['the address 10.107.31.3 of card 1 of apollo is another instance\'s by now: it has 10.107.31.4 from its next boot on'] });
  expect(cardsOf(house, 'apollo')).toEqual([{ slot: 1, mac: MAC, network: null, mode: 'auto', address: '10.107.31.4', seeded: true }]);
  expect(cardsOf(house, 'hermes')[0]?.address).toBe('10.107.31.3');
});

test('also one that is given while the disk is put back', async () => {
  const { host, house, restore } = await withSnapshotOf({});
  host.during.revert = async () => void await house.engine.ended((await attachCard(house, 'hermes', {})).id);
  expect((await restore()).error).toBeNull();
  expect([...cardsOf(house, 'apollo'), ...cardsOf(house, 'hermes')].map(({ address }) => address)).toEqual(['10.107.31.4', '10.107.31.3']);
});

test('a MAC that another instance has stays that one\'s, and the card with a fresh one is not what the seed configured', async () => {
  const { house, restore } = await withSnapshotOf({});
  await house.engine.ended((await attachCard(house, 'hermes', { network: 'br0', mac: MAC })).id);
  expect(await restore()).toMatchObject({ error: null, notices: [expect.stringMatching(/^the MAC address 52:54:00:00:00:77 of card 1 of apollo is another instance's by now: it has 52:54:00:/)] });
  expect(cardsOf(house, 'apollo')).toMatchObject([{ address: '10.107.31.3', seeded: false }]);
  expect(cardsOf(house, 'apollo')[0]?.mac).not.toBe(MAC);
});

test('with saved memory that has an earlier address or MAC it is said that there is no network before a boot, and where all is as it was nothing is said', async () => {
  const { house, restore } = await withSnapshotOf({}, true);
  await house.engine.ended((await attachCard(house, 'hermes', {})).id);
  expect(await restore()).toMatchObject({ error: null, notices: [expect.stringContaining('is another instance\'s by now'), expect.stringMatching(/has no network until apollo boots; .* holdfast restart apollo$/)] });
  expect(house.registry.require('apollo').state).toBe('Suspended');
  const other = await withSnapshotOf({}, true);
  expect(await other.restore()).toMatchObject({ error: null, notices: [] });
});

test('where no address is left nothing is put back', async () => {
  const { host, house, restore } = await withSnapshotOf({});
  host.add(house, 'crowd', { cards: Array.from({ length: 252 }, (_, index) => ({ slot: 1, mac: '', network: null, mode: 'auto', address: `10.107.31.${index + 3}`, seeded: true })) });
  let reverted = false;
  host.during.revert = () => { reverted = true; };
  expect((await restore()).error).toMatchObject({ code: 'not-supported', message: expect.stringContaining('has no address left') as string });
  expect(reverted).toBe(false);
  expect(cardsOf(house, 'apollo')).toEqual([]);
});
