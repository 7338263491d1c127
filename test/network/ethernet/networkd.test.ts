/** An ethernet that systemd-networkd has: a real networkd. */
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { canHave, makeLeasedHost, type LeasedHost } from './leased-host.ts';

const NETWORKD = '/lib/systemd/systemd-networkd';
const isHere = await canHave(NETWORKD);
const ETH0 = '[Match]\nName=eth0\n\n[Network]\nDHCP=ipv4\nAddress=198.18.5.7/24\nAddress=2001:db8:5::7/64\n\n[Route]\nDestination=10.77.0.0/16\nGateway=198.18.1.1\nGatewayOnLink=yes\n';
const BEFORE = `
mkdir -p /run/systemd/network /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp
chown -R systemd-network:systemd-network /run/systemd/netif
cp "$1/eth0.network" /run/systemd/network/10-eth0.network
chmod 644 /run/systemd/network/10-eth0.network`;

let host: LeasedHost;
beforeAll(async () => {
  if (isHere) host = await makeLeasedHost({ program: NETWORKD, files: { 'eth0.network': ETH0 }, before: BEFORE, arguments: '', addresses: 4 });
}, 180_000);
afterAll(() => host?.[Symbol.asyncDispose](), 90_000);

test.runIf(isHere)('networkd has the bridge with the same lease, and then the ethernet again, with nothing left of it', { timeout: 300_000 }, async () => {
  const [had, ways] = [await host.addresses('eth0'), await host.routes('eth0')];
  expect(had.join()).toContain('198.18.1.1');
  expect(await host.daemon('make', 'eth0')).toEqual({});
  expect(await host.addresses('br-eth0')).toEqual(had);
  expect(await host.addresses('eth0')).toEqual([]);
  expect(await host.routes('br-eth0')).toBe(ways);
  await expect.poll(() => host.inside('networkctl', '--no-pager', '--no-legend', 'list'), { timeout: 20_000 }).toMatch(/br-eth0\s+bridge\s+routable\s+configured/);
  expect(await host.daemon('release')).toEqual({ value: ['br-eth0'] });
  expect(await host.addresses('eth0')).toEqual(had);
  await expect.poll(() => host.routes('eth0'), { timeout: 10_000 }).toBe(ways);
  expect(await host.inside('ls', '/run/systemd/network')).toBe('10-eth0.network\n');
  expect(await host.inside('ip', '-o', 'link')).not.toContain('br-eth0');
  expect(await readdir(host.home)).not.toContain('ethernets');
  // It stands though networkd has another look at it.
  await host.inside('networkctl', 'reconfigure', 'eth0');
  await expect.poll(() => host.addresses('eth0'), { timeout: 20_000 }).toEqual(had);
});

test.runIf(isHere).each(['die', 'fails'])('what is cut off half way (%s) is given back to networkd', { timeout: 300_000 }, async (how) => {
  const [had, ways] = [await host.addresses('eth0'), await host.routes('eth0')];
  if (how === 'die') await expect(host.daemon('make', 'eth0', how)).rejects.toThrow();
  else expect(await host.daemon('make', 'eth0', how)).toMatchObject({ code: 'rolled-back' });
  expect(await host.daemon('recover')).toEqual({});
  await expect.poll(() => host.addresses('eth0'), { timeout: 20_000 }).toEqual(had);
  await expect.poll(() => host.routes('eth0'), { timeout: 10_000 }).toBe(ways);
  expect(await host.inside('ls', '/run/systemd/network')).toBe('10-eth0.network\n');
  expect(await host.daemon('release')).toEqual({ value: [] });
});

test.runIf(isHere)('what networkd cannot carry over leaves the ethernet as it is', { timeout: 300_000 }, async () => {
  const had = await host.addresses('eth0');
  await host.inside('mkdir', '-p', '/run/systemd/network/10-eth0.network.d');
  await host.inside('sh', '-c', 'printf "[Network]\\nVLAN=vlan7\\n" > /run/systemd/network/10-eth0.network.d/vlan.conf');
  expect(await host.daemon('make', 'eth0')).toMatchObject({ code: 'rolled-back', message: expect.stringContaining('VLAN=') as string });
  expect(await host.addresses('eth0')).toEqual(had);
});
