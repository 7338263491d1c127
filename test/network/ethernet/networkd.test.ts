/** An ethernet that systemd-networkd has, with a lease: a real networkd in a namespace, with a bus and a /run of its own. It needs root. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitFor } from '../../real/home.ts';
import { makeNamespace, sh, shWithin, type Namespace } from '../namespaces.ts';

const NETWORKD = '/lib/systemd/systemd-networkd';
const isHere = (await Promise.all([NETWORKD, '/usr/bin/dbus-daemon', '/usr/bin/nsenter'].map((path) => access(path).then(() => true, () => false)))).every(Boolean);
const PROCESS = new URL('host-process.ts', import.meta.url).pathname;

/** Prints its pid, under which the mounts are found, and stays until its stdin ends. Without udev only a host that cannot have it is served. */
const HOST = `
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mount -o remount,ro /sys
mkdir -p /run/dbus /run/systemd/network /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp
chown -R systemd-network:systemd-network /run/systemd/netif
cp "$1/eth0.network" /run/systemd/network/10-eth0.network
dbus-daemon --config-file="$1/bus.conf" --nofork --nopidfile 2>"$1/bus.log" &
bus=$!
until [ -S /run/dbus/system_bus_socket ]; do sleep 0.1; done
SYSTEMD_LOG_TARGET=console ${NETWORKD} >"$1/networkd.log" 2>&1 &
networkd=$!
echo $$
cat >/dev/null
kill $networkd $bus
wait
`;
const BUS = `<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/></policy></busconfig>`;

const children: ChildProcess[] = [];
const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
};
const stack = new AsyncDisposableStack();
let home: string;
let router: Namespace;
let pid: string;

const inside = (...words: [string, ...string[]]): Promise<string> => sh('nsenter', '--target', pid, '--mount', '--net', ...words);
const daemon = async (what: string, name = '', more = ''): Promise<unknown> => JSON.parse(await shWithin(120_000, 'nsenter', '--target', pid, '--mount', '--net', process.execPath, PROCESS, home, what, name, more)) as unknown;
const addresses = async (link: string): Promise<string[]> => [...(await inside('ip', '-o', 'address', 'show', 'dev', link)).matchAll(/inet6? (\S+)/g)].map(([, address]) => address ?? '').toSorted();
const routes = async (link: string): Promise<string> => (await inside('ip', 'route', 'show', 'dev', link)).replaceAll(/ +\n/g, '\n');

beforeAll(async () => {
  if (!isHere) return;
  home = await mkdtemp('/var/tmp/hf-netd-');
  stack.defer(() => rm(home, { recursive: true, force: true }));
  await writeFile(`${home}/bus.conf`, BUS);
  await writeFile(`${home}/eth0.network`, '[Match]\nName=eth0\n\n[Network]\nDHCP=ipv4\nAddress=198.18.5.7/24\nAddress=2001:db8:5::7/64\n\n[Route]\nDestination=10.77.0.0/16\nGateway=198.18.1.1\nGatewayOnLink=yes\n');
  const end = `hfd${process.pid % 100_000}-${Math.floor(Math.random() * 1e5)}`;
  router = stack.use(await makeNamespace(end));
  const host = stack.use(await makeNamespace(`${end}h`));
  await host.run('ip', 'link', 'delete', 'wire');
  await sh('ip', 'link', 'set', end, 'netns', host.name, 'name', 'eth0');
  await router.run('ip', 'address', 'add', '198.18.1.1/24', 'dev', 'wire');
  const leases = spawn('ip', ['netns', 'exec', router.name, 'dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--interface=wire', '--bind-interfaces', '--dhcp-range=198.18.1.100,198.18.1.120,1h', `--dhcp-leasefile=${home}/leases`, '--pid-file='], { stdio: 'ignore' });
  const machine = spawn('ip', ['netns', 'exec', host.name, 'unshare', '--mount', 'sh', '-c', HOST, 'host', home], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(leases, machine);
  stack.defer(async () => {
    machine.stdin.end();
    await ended(machine);
    leases.kill('SIGTERM');
    await ended(leases);
  });
  pid = String((await once(machine.stdout, 'data'))[0]).trim();
  await waitFor('the lease', async () => (await addresses('eth0')).length === 4, 90_000);
}, 180_000);
afterAll(() => stack[Symbol.asyncDispose](), 90_000);

test.runIf(isHere)('networkd has the bridge with the same lease, and then the ethernet again, with nothing left of it', { timeout: 300_000 }, async () => {
  const [had, ways] = [await addresses('eth0'), await routes('eth0')];
  expect(had.join()).toContain('198.18.1.1');
  expect(await daemon('make', 'eth0')).toEqual({});
  expect(await addresses('br-eth0')).toEqual(had);
  expect(await addresses('eth0')).toEqual([]);
  expect(await routes('br-eth0')).toBe(ways);
  await expect.poll(() => inside('networkctl', '--no-pager', '--no-legend', 'list'), { timeout: 20_000 }).toMatch(/br-eth0\s+bridge\s+routable\s+configured/);
  expect(await daemon('release')).toEqual({ value: ['br-eth0'] });
  expect(await addresses('eth0')).toEqual(had);
  await expect.poll(() => routes('eth0'), { timeout: 10_000 }).toBe(ways);
  expect(await inside('ls', '/run/systemd/network')).toBe('10-eth0.network\n');
  expect(await inside('ip', '-o', 'link')).not.toContain('br-eth0');
  expect(await readdir(home)).not.toContain('ethernets');
  // It stands though networkd has another look at it.
  await inside('networkctl', 'reconfigure', 'eth0');
  await expect.poll(() => addresses('eth0'), { timeout: 20_000 }).toEqual(had);
});

test.runIf(isHere).each(['die', 'fails'])('what is cut off half way (%s) is given back to networkd', { timeout: 300_000 }, async (how) => {
  const [had, ways] = [await addresses('eth0'), await routes('eth0')];
  if (how === 'die') await expect(daemon('make', 'eth0', how)).rejects.toThrow();
  else expect(await daemon('make', 'eth0', how)).toMatchObject({ code: 'rolled-back' });
  expect(await daemon('recover')).toEqual({});
  await expect.poll(() => addresses('eth0'), { timeout: 20_000 }).toEqual(had);
  await expect.poll(() => routes('eth0'), { timeout: 10_000 }).toBe(ways);
  expect(await inside('ls', '/run/systemd/network')).toBe('10-eth0.network\n');
  expect(await daemon('release')).toEqual({ value: [] });
});

test.runIf(isHere)('what networkd cannot carry over leaves the ethernet as it is', { timeout: 300_000 }, async () => {
  const had = await addresses('eth0');
  await inside('mkdir', '-p', '/run/systemd/network/10-eth0.network.d');
  await inside('sh', '-c', 'printf "[Network]\\nVLAN=vlan7\\n" > /run/systemd/network/10-eth0.network.d/vlan.conf');
  expect(await daemon('make', 'eth0')).toMatchObject({ code: 'rolled-back', message: expect.stringContaining('VLAN=') as string });
  expect(await addresses('eth0')).toEqual(had);
});
