import { expect, test, vi } from 'vitest';
import type { DroppingChain } from '../../core/network/dropping-chains.ts';
import type { Finding } from '../../drivers/check.ts';
import type { House } from '../instances/house.ts';
import { homeNetworkChecks } from './home-network-checks.ts';

async function look(id: string, wish: string | undefined, why?: string, dropping: readonly DroppingChain[] = []): Promise<Finding | undefined> {
  const house = { network: { whyNot: () => Promise.resolve(why), droppedBy: () => Promise.resolve(dropping) }, settings: { get: () => wish } } as unknown as House;
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
