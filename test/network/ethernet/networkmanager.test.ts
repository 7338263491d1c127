/** An ethernet that NetworkManager has: a real NetworkManager, where it is installed. */
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { canHave, makeLeasedHost, type LeasedHost } from './leased-host.ts';

const PROGRAM = '/usr/sbin/NetworkManager';
const isHere = await canHave(PROGRAM);
const CONF = '[main]\nplugins=keyfile\nauth-polkit=root-only\nno-auto-default=*\ndns=none\nrc-manager=unmanaged\ndhcp=internal\n[keyfile]\npath=/run/NetworkManager/system-connections\n';
const OFFICE = `[connection]
id=office
uuid=5e4c1d3a-0f6b-4f43-9d58-6d6ac1f9f001
type=ethernet
interface-name=eth0
[ipv4]
method=auto
address1=198.18.5.7/24
route1=10.77.0.0/16,198.18.1.1
[ipv6]
method=manual
address1=2001:db8:5::7/64
addr-gen-mode=eui64
`;
const BEFORE = `
mount -t tmpfs tmpfs /var/lib/NetworkManager
mkdir -p /run/NetworkManager/system-connections
cp "$1/office" /run/NetworkManager/system-connections/office.nmconnection
chmod 600 /run/NetworkManager/system-connections/office.nmconnection`;

let host: LeasedHost;
beforeAll(async () => {
  if (isHere) host = await makeLeasedHost({ program: PROGRAM, files: { 'nm.conf': CONF, office: OFFICE }, before: BEFORE, arguments: '--no-daemon --config="$1/nm.conf"', addresses: 4 });
}, 180_000);
afterAll(() => host?.[Symbol.asyncDispose](), 90_000);

const active = async (link: string): Promise<string> => (await host.inside('nmcli', '--get-values', 'GENERAL.CONNECTION', 'device', 'show', link)).trim();
const profiles = async (): Promise<string[]> => (await host.inside('nmcli', '--get-values', 'NAME', 'connection', 'show')).trim().split('\n').filter((name) => name !== 'lo').toSorted();

test.runIf(isHere)('NetworkManager has the bridge with the same addresses, and then the ethernet again, with nothing left of it', { timeout: 300_000 }, async () => {
  const [had, ways] = [await host.addresses('eth0'), await host.routes('eth0')];
  expect(await host.daemon('make', 'eth0')).toEqual({});
  expect(await host.addresses('br-eth0')).toEqual(had);
  expect(await host.addresses('eth0')).toEqual([]);
  expect(await host.routes('br-eth0')).toBe(ways);
  expect([await active('br-eth0'), await active('eth0')]).toEqual(['holdfast-br-eth0', 'holdfast-br-eth0-port']);
  expect(await host.daemon('release')).toEqual({ value: ['br-eth0'] });
  await expect.poll(() => host.addresses('eth0'), { timeout: 20_000 }).toEqual(had);
  await expect.poll(() => host.routes('eth0'), { timeout: 10_000 }).toBe(ways);
  expect([await active('eth0'), await profiles()]).toEqual(['office', ['office']]);
  expect(await host.inside('ip', '-o', 'link')).not.toContain('br-eth0');
  expect(await readdir(host.home)).not.toContain('ethernets');
});

test.runIf(isHere).each(['die', 'fails'])('what is cut off half way (%s) is given back to NetworkManager', { timeout: 300_000 }, async (how) => {
  const [had, ways] = [await host.addresses('eth0'), await host.routes('eth0')];
  if (how === 'die') await expect(host.daemon('make', 'eth0', how)).rejects.toThrow();
  else expect(await host.daemon('make', 'eth0', how)).toMatchObject({ code: 'rolled-back' });
  expect(await host.daemon('recover')).toEqual({});
  await expect.poll(() => host.addresses('eth0'), { timeout: 20_000 }).toEqual(had);
  await expect.poll(() => host.routes('eth0'), { timeout: 10_000 }).toBe(ways);
  expect([await active('eth0'), await profiles()]).toEqual(['office', ['office']]);
});

test.runIf(isHere)('what NetworkManager cannot carry over leaves the ethernet as it is', { timeout: 300_000 }, async () => {
  const had = await host.addresses('eth0');
  await host.inside('nmcli', 'connection', 'modify', '--temporary', 'office', '802-1x.eap', 'md5', '802-1x.identity', 'person', '802-1x.password', 'word');
  expect(await host.daemon('make', 'eth0')).toMatchObject({ code: 'rolled-back', message: expect.stringContaining('802.1X') as string });
  expect(await host.addresses('eth0')).toEqual(had);
});
