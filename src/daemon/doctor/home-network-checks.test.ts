import { expect, test, vi } from 'vitest';
import type { DroppingChain } from '../../core/network/dropping-chains.ts';
import type { Finding } from '../../drivers/check.ts';
import type { NetworkTrouble } from '../../host/network/trouble.ts';
import type { House } from '../instances/house.ts';
import type { HomeNetworkPort } from '../network/port.ts';
import { homeNetworkChecks, ownNetworkChecks } from './home-network-checks.ts';

async function look(id: string, wish: string | undefined, why?: string, dropping: readonly DroppingChain[] = [], trouble?: NetworkTrouble): Promise<Finding | undefined> {
  const house = { network: { trouble: () => Promise.resolve(trouble), whyNot: () => Promise.resolve(why), droppedBy: () => Promise.resolve(dropping) }, settings: { get: () => wish } } as unknown as House;
  return await homeNetworkChecks(house).find((check) => check.id === id)?.run(new AbortController().signal);
}

test('the doctor says of the home\'s network what a launch would, and as gravely as it was asked for', async () => {
  vi.spyOn(process, 'getuid').mockReturnValue(0);
  const why = '/dev/net/tun is closed to the unprivileged users that run machines (chmod 0666 /dev/net/tun)';
  expect(await look('home-network', undefined)).toMatchObject({ status: 'ok' });
  expect(await look('home-network', 'auto', why)).toMatchObject({ status: 'warn', seen: expect.stringContaining(why) as string });
  expect(await look('home-network', 'bridge', why)).toMatchObject({ status: 'broken', remedy: expect.stringContaining('local.network=auto') as string });
  expect(await look('home-network', 'user', why)).toMatchObject({ status: 'skipped' });
  vi.restoreAllMocks();
});

test('a table of somebody else\'s that drops guests\' packets is named, with what they miss', async () => {
  expect(await look('other-firewalls', undefined)).toMatchObject({ status: 'ok' });
  expect(await look('other-firewalls', undefined, undefined, [{ family: 'ip', table: 'filter', hook: 'forward' }]))
    .toMatchObject({ status: 'warn', seen: expect.stringMatching(/^the table ip filter drops what is forwarded .* nobody outside their zone$/) as string });
});

test('a network that has worked and is not whole now is told of, also where new instances are not to be on it', async () => {
  const trouble = { seen: 'it lacks its dnsmasq, and cannot be repaired: Address already in use', remedy: 'see: ss -lnp', lasts: true };
  for (const wish of [undefined, 'bridge', 'user']) expect(await look('home-network', wish, undefined, [], trouble)).toMatchObject({ status: 'broken', seen: trouble.seen, remedy: trouble.remedy });
  expect(await look('home-network', undefined, undefined, [], { ...trouble, lasts: false })).toMatchObject({ status: 'warn', pending: true });
});

test('of an instance it is asked for the addresses that its cards have there; one without any has no such layer', async () => {
  const asked: unknown[] = [];
  const network = { trouble: (addresses: unknown) => Promise.resolve(void asked.push(addresses)) } as unknown as HomeNetworkPort;
  const card = (on: string | null, address: string | null) => ({ slot: 1, mac: '', network: on, mode: 'auto', address, seeded: false }) as const;
  const checks = ownNetworkChecks(network, { network: { kind: 'bridge', address: '10.107.31.2' }, cards: [card('br0', null), card(null, '10.107.32.3')] });
  expect(await checks[0]?.run(new AbortController().signal)).toMatchObject({ status: 'ok' });
  expect(asked).toEqual([['10.107.31.2', '10.107.32.3']]);
  expect(ownNetworkChecks(network, { cards: [card('br0', null)] })).toEqual([]);
  expect(ownNetworkChecks(undefined, { network: { kind: 'bridge', address: '10.107.31.2' } })).toEqual([]);
});
