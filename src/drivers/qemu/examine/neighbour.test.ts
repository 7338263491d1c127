import { expect, test } from 'vitest';
import { ownPath } from '../../../../test/own-path.ts';
import type { InstanceSpec } from '../../../core/instance.ts';
import { judge, neighbourCheck } from './neighbour.ts';

const ADDRESS = '10.97.3.4';
const MAC = '52:54:00:ae:7b:6e';
const BRIDGE = 'hf-1a2b3c4d';
const ROUTE = `${ADDRESS} dev ${BRIDGE} src 10.97.3.1 uid 0 \\    cache \n`;
const VPN = `${ADDRESS} dev tailscale0 table 52 src 100.64.0.7 uid 0 \\    cache \n`;
const TUNNEL = `${ADDRESS} dev wg0 src 10.8.0.2 uid 0 \n`;
const ROUTER = `${ADDRESS} via 192.0.2.1 dev eth0 src 192.0.2.2 uid 0\n`;

test.each([
  ['a neighbour that has answered is well', ROUTE, `${ADDRESS} dev ${BRIDGE} lladdr ${MAC} REACHABLE\n`, 'ok', MAC],
  ['one that was not asked for yet is no fault', ROUTE, '', 'ok', 'not asked for yet'],
  ['one that does not answer is broken', ROUTE, `${ADDRESS} dev ${BRIDGE} FAILED\n`, 'broken', 'nobody answers'],
  ['an address that another card has is broken', ROUTE, `${ADDRESS} dev ${BRIDGE} lladdr 52:54:00:00:00:01 STALE\n`, 'broken', 'another card'],
  ['a route by a router is broken', ROUTER, '', 'broken', 'by a router'],
  ['a route by a table of somebody\'s is broken', VPN, '', 'broken', `to tailscale0 by its table 52, not to the home's bridge ${BRIDGE}`],
  ['so is one by a router that such a table has', ROUTER.replace('eth0', 'tun0 table vpn'), '', 'broken', 'to tun0 by its table vpn'],
  ['an address that the host itself has is broken', `local ${ADDRESS} dev lo table local src ${ADDRESS} uid 0 \n`, '', 'broken', 'the host itself has the address'],
  ['a route to another device is broken', TUNNEL, '', 'broken', `to wg0, not to the home's bridge ${BRIDGE}`],
] as const)('%s', (_what, route, neighbour, status, seen) => {
  expect(judge({ address: ADDRESS, mac: MAC, bridge: BRIDGE }, route, neighbour)).toMatchObject({ status, seen: expect.stringContaining(seen) as string });
});

test('where it is not known by which device it is to go, any will do', () => {
  for (const route of [VPN, TUNNEL]) expect(judge({ address: ADDRESS, mac: MAC, bridge: undefined }, route, '')).toMatchObject({ status: 'ok' });
});

const path = ownPath();

test('the bridge that has its address is what its route is held against', async () => {
  path.tool('ip', `case $2 in route) echo '${ROUTE.split('\\')[0]}' ;; esac\n`);
  const spec = { mac: MAC, network: { kind: 'bridge', address: ADDRESS } } as InstanceSpec;
  const run = (bridge: string) => neighbourCheck(spec, (address) => Promise.resolve(address === ADDRESS ? bridge : undefined)).run(AbortSignal.timeout(10_000));
  expect(await run(BRIDGE)).toMatchObject({ status: 'ok' });
  expect(await run('hf-00000000')).toMatchObject({ status: 'broken', seen: `the host sends packets for ${ADDRESS} to ${BRIDGE}, not to the home's bridge hf-00000000` });
});
