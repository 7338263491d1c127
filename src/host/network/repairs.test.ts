import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ZoneNetwork } from '../../core/network/home-network.ts';
import { oneAtATime } from '../../core/one-at-a-time.ts';
import type { AttachedCard, Attachments } from './attachments.ts';
import type { HomeBridges } from './home-bridges.ts';
import type { OwnNetworks } from './own-networks.ts';
import { Repairs } from './repairs.ts';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

const closed: AttachedCard = { tap: 'g1a2b-00c0ffee1', mac: '', address: null, name: null, bridge: 'hn-1a2b3c4d-0' };

test('closed networks are looked at every fifteen seconds also where no card is on the home\'s, which is left alone; nobody is with the last card', async () => {
  let cards = [closed];
  const own = { repair: vi.fn(() => Promise.resolve(true)) };
  const bridges = { isServed: () => Promise.resolve(false), repair: vi.fn() };
  const log = vi.fn();
  await using repairs = new Repairs({
    attachments: { cards: () => Promise.resolve(cards) } as unknown as Attachments, bridges: bridges as unknown as HomeBridges, own: own as unknown as OwnNetworks,
    inTurn: oneAtATime(), log,
  });
  repairs.start();
  await vi.advanceTimersByTimeAsync(61_000);
  expect(own.repair).toHaveBeenCalledTimes(4);
  expect(own.repair).toHaveBeenCalledWith([closed], expect.any(AbortSignal), log);
  cards = [];
  await vi.advanceTimersByTimeAsync(60_000);
  expect(own.repair.mock.calls.length).toBeLessThanOrEqual(5);
  expect(bridges.repair).not.toHaveBeenCalled();
});

test('why the home\'s network cannot be repaired is kept for the doctor, until it has come up', async () => {
  const zone = { zone: 'zone1' } as ZoneNetwork;
  const outcomes = [() => Promise.reject(new Error('nft refuses')), () => Promise.resolve({ repaired: [], failures: [{ zone, error: new Error('no dnsmasq') }], loose: [] })];
  const bridges = { isServed: () => Promise.resolve(false), lacks: vi.fn(() => Promise.resolve([{ what: 'its dnsmasq', zone: 'zone1' }])), repair: () => outcomes.shift()?.() };
  const cards = [{ ...closed, bridge: null, address: '10.107.31.2' }];
  const log = vi.fn();
  await using repairs = new Repairs({
    attachments: { cards: () => Promise.resolve(cards) } as unknown as Attachments, bridges: bridges as unknown as HomeBridges,
    own: { repair: () => Promise.resolve(true) } as unknown as OwnNetworks, inTurn: oneAtATime(), log,
  });
  repairs.start();
  expect(await repairs.trouble()).toMatchObject({ seen: 'it lacks its dnsmasq', lasts: false });
  await vi.advanceTimersByTimeAsync(3_000);
  expect(await repairs.trouble()).toMatchObject({ seen: expect.stringContaining('nft refuses') as string, lasts: true });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await repairs.trouble(['10.107.31.2'])).toMatchObject({ seen: expect.stringContaining('no dnsmasq') as string, lasts: true });
  expect(bridges.lacks).toHaveBeenLastCalledWith(['10.107.31.2']);
  expect(log.mock.calls.map(([cause]: readonly unknown[]) => cause)).toEqual(['network-broken', 'network-broken']);
  repairs.start([]);
  expect(await repairs.trouble()).toMatchObject({ lasts: false });
  bridges.lacks.mockResolvedValue([]);
  expect(await repairs.trouble()).toBeUndefined();
});
