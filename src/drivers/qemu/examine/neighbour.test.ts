import { expect, test } from 'vitest';
import { judge } from './neighbour.ts';

const MAC = '52:54:00:ae:7b:6e';
const ROUTE = '10.97.3.4 dev hfb0 src 10.97.3.1 uid 0 \\    cache \n';

test.each([
  ['a neighbour that has answered is well', ROUTE, `10.97.3.4 dev hfb0 lladdr ${MAC} REACHABLE\n`, 'ok', MAC],
  ['one that was not asked for yet is no fault', ROUTE, '', 'ok', 'not asked for yet'],
  ['one that does not answer is broken', ROUTE, '10.97.3.4 dev hfb0 FAILED\n', 'broken', 'nobody answers'],
  ['an address that another card has is broken', ROUTE, '10.97.3.4 dev hfb0 lladdr 52:54:00:00:00:01 STALE\n', 'broken', 'another card'],
  ['a route by a router is broken', '10.97.3.4 via 192.0.2.1 dev eth0 src 192.0.2.2 uid 0\n', '', 'broken', 'by a router'],
] as const)('%s', (_what, route, neighbour, status, seen) => {
  expect(judge('10.97.3.4', MAC, route, neighbour)).toMatchObject({ status, seen: expect.stringContaining(seen) as string });
});
