/**
 * The network of a home as the kernel and dnsmasq have it, with namespaces in the place of guests and of the world: who
 * reaches whom, under which name, and that nothing is left. It needs root; guests of machines are in test/real.
 */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { Resolver } from 'node:dns/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eui64Address } from '../../src/core/network/home-network.ts';
import type { InstanceSpec } from '../../src/core/instance.ts';
import type { ZoneName } from '../../src/core/zones.ts';
import { HomeNetworks } from '../../src/host/network/home-networks.ts';
import { dhcp } from './dhcp.ts';
import { greet, hears, makeNamespace, sh, type Namespace } from './namespaces.ts';

const UID = 1_900_000_123;
const [APOLLO, HERMES] = ['00c0ffee', '0badcafe'] as const;
const MACS = { [APOLLO]: '52:54:00:00:c0:fe', [HERMES]: '52:54:00:ba:dc:af' };
const homes: string[] = [];
const logs: string[] = [];
const cleanups: (() => Promise<unknown>)[] = [];

async function makeHome(): Promise<string> {
  const home = await mkdtemp('/var/tmp/hf-net-');
  await sh('chmod', '0711', home);
  homes.push(home);
  return home;
}
const daemon = (home: string): HomeNetworks => new HomeNetworks({ home, directory: `${home}/network`, log: (_cause, message) => logs.push(message) });
const spec = (mac: string, address: string): InstanceSpec => ({
  cpus: 1, memoryBytes: 1, diskBytes: 1, imageDigest: 'none', imageFormat: 'raw', mac, subnetIndex: 0, network: { kind: 'bridge', address },
});
const addressIn = async (network: HomeNetworks, host: number): Promise<string> => (await network.subnet('zone1')).replace(/\.0\/24$/, `.${host}`);
const attach = async (network: HomeNetworks, id: keyof typeof MACS, name: string, host: number) =>
  await network.attach({ id, name, uid: UID, spec: spec(MACS[id], await addressIn(network, host)) });
const links = async () => (await sh('ip', '-o', 'link')).split('\n').map((line) => line.split(': ')[1]?.replace(/@.*/, '') ?? '');
/** Everything in this host that names the home's network. */
async function traces(network: HomeNetworks, home: string): Promise<string[]> {
  const key = network.bridge.slice(3);
  const processes = (await sh('ps', '-eo', 'args')).split('\n').filter((line) => line.includes(`${home}/network`));
  return [
    ...(await links()).filter((name) => name.startsWith(network.bridge) || name.startsWith(`h${key.slice(0, 4)}-`) || name.startsWith(`g${key.slice(0, 4)}-`)),
    ...(await sh('nft', 'list', 'tables')).split('\n').filter((line) => line.includes(key)), ...processes,
    ...(await readdir(`${home}/network`).catch(() => [] as string[])).filter((name) => name !== 'network.json'),
  ];
}

let home: string;
let network: HomeNetworks;
let apollo: Namespace;
let hermes: Namespace;
let world: Namespace;
let prefix6: string;

beforeAll(async () => {
  home = await makeHome();
  network = daemon(home);
  apollo = await makeNamespace(network.plugOf(APOLLO, 0, null).name, MACS[APOLLO]);
  hermes = await makeNamespace(network.plugOf(HERMES, 0, null).name, MACS[HERMES]);
  world = await makeNamespace(`hfw${process.pid}`);
  // Addresses for tests of networks (RFC 2544, RFC 3849); the third octet is this run's own.
  const octet = process.pid % 250;
  await sh('ip', 'address', 'add', `198.18.${octet}.1/30`, 'dev', `hfw${process.pid}`);
  await sh('ip', 'address', 'add', `2001:db8:${octet}::1/64`, 'dev', `hfw${process.pid}`, 'nodad');
  // While the host tries its own address out, for a second or two, it asks for no neighbour in another's name.
  await writeFile(`/proc/sys/net/ipv6/conf/hfw${process.pid}/accept_dad`, '0');
  await sh('ip', 'link', 'set', `hfw${process.pid}`, 'up');
  await world.run('ip', 'address', 'add', `198.18.${octet}.2/30`, 'dev', 'wire');
  await world.run('ip', 'address', 'add', `2001:db8:${octet}::2/64`, 'dev', 'wire', 'nodad');
  // A host without a way out to IPv6 does not forward it: this one has the least wanted of all routes for a while.
  await sh('ip', '-6', 'route', 'add', 'default', 'via', `2001:db8:${octet}::2`, 'metric', '4000000');
  await attach(network, APOLLO, 'apollo', 2);
  await attach(network, HERMES, 'hermes', 3);
  prefix6 = /^dhcp-range=(fd[0-9a-f:]+)/m.exec(await readFile(`${home}/network/dnsmasq.conf`, 'utf8'))?.[1] ?? '';
  for (const [guest, id, host] of [[apollo, APOLLO, 2], [hermes, HERMES, 3]] as const) {
    await guest.run('ip', 'address', 'add', `${await addressIn(network, host)}/24`, 'dev', 'wire');
    // It may have made it itself already, of what it heard from the router.
    await guest.run('ip', '-6', 'address', 'replace', `${eui64Address(prefix6, MACS[id])}/64`, 'dev', 'wire', 'nodad');
    await guest.run('ip', 'route', 'add', 'default', 'via', await addressIn(network, 1));
    // Whether the wire has its carrier by now or not, and whether the router was heard already.
    await guest.run('ip', '-6', 'route', 'replace', 'default', 'via', `${prefix6}1`, 'dev', 'wire', 'onlink');
  }
}, 60_000);
afterAll(async () => {
  for (const id of [APOLLO, HERMES]) await network.detach(id);
  for (const one of [apollo, hermes, world]) await one[Symbol.asyncDispose]();
  for (const cleanup of cleanups.toReversed()) await cleanup();
  for (const directory of homes) {
    // Nothing is left of a test that failed either.
    await daemon(directory).tidy(() => false);
    await rm(directory, { recursive: true, force: true });
  }
}, 60_000);

const greeter = async (where: Namespace | undefined, family: 4 | 6): Promise<number> => await greet(where, family, (cleanup) => cleanups.push(cleanup));

test('the world is reached by both families, and sees the host', async () => {
  const octet = process.pid % 250;
  const [four, six] = [await greeter(world, 4), await greeter(world, 6)];
  expect(await apollo.run(...hears(`198.18.${octet}.2`, four))).toMatch(new RegExp(`198\\.18\\.${octet}\\.1\n$`));
  expect(await apollo.run(...hears(`2001:db8:${octet}::2`, six))).toBe(`2001:db8:${octet}::1\n`);
});

test('nobody from the world begins a conversation with a guest', async () => {
  const octet = process.pid % 250;
  const port = await greeter(apollo, 4);
  await world.run('ip', 'route', 'add', await network.subnet('zone1'), 'via', `198.18.${octet}.1`);
  expect(await world.succeeds(...hears(await addressIn(network, 2), port))).toBe(false);
  expect(await hermes.run(...hears(await addressIn(network, 2), port)), 'guests of a home reach each other').toContain(await addressIn(network, 3));
  expect(await sh(...hears(await addressIn(network, 2), port)), 'the host reaches its guests').toContain(await addressIn(network, 1));
});

test('of the host a guest reaches names and addresses, and no other service', async () => {
  const port = await greeter(undefined, 4);
  expect(await apollo.succeeds(...hears(await addressIn(network, 1), port))).toBe(false);
  expect(await apollo.run(process.execPath, '-e', `const r=new(require('dns').promises.Resolver)();r.setServers(['${await addressIn(network, 1)}']);r.resolve4('hermes.holdfast').then((a)=>console.log(a.join()))`))
    .toBe(`${await addressIn(network, 3)}\n`);
});

test('names are answered for both families, in both directions, and unknown ones are not asked of others', async () => {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  resolver.setServers([await addressIn(network, 1)]);
  expect(await resolver.resolve4('apollo.holdfast')).toEqual([await addressIn(network, 2)]);
  expect((await resolver.resolve6('apollo.holdfast')).map((address) => address.split(':').slice(-2))).toEqual([['fe00', 'c0fe']]);
  expect(await resolver.reverse(await addressIn(network, 2))).toEqual(['apollo.holdfast']);
  await expect(resolver.resolve4('nobody.holdfast')).rejects.toMatchObject({ code: 'ENOTFOUND' });
});

test('a guest cannot speak as another one: neither by its MAC nor by its address', async () => {
  const dns = (from: string) => [process.execPath, '-e', `const s=require('dgram').createSocket('udp4');s.bind(0,'${from}',()=>s.send(Buffer.from('123401000001000000000000066865726d657308686f6c64666173740000010001','hex'),53,process.argv[1]));s.on('message',()=>process.exit(0));setTimeout(()=>process.exit(1),1500)`] as const;
  const host = await addressIn(network, 1);
  expect(await apollo.succeeds(...dns(await addressIn(network, 2)), host)).toBe(true);
  await apollo.run('ip', 'address', 'add', `${await addressIn(network, 3)}/24`, 'dev', 'wire');
  expect(await apollo.succeeds(...dns(await addressIn(network, 3)), host), 'by the address of another').toBe(false);
  await apollo.run('ip', 'address', 'add', `${await addressIn(network, 77)}/24`, 'dev', 'wire');
  expect(await apollo.succeeds(...dns(await addressIn(network, 77)), host), 'by an address that nobody has').toBe(true);
  await apollo.run('ip', 'link', 'set', 'wire', 'address', '52:54:00:ba:dc:af');
  expect(await apollo.succeeds(...dns(await addressIn(network, 2)), host), 'by the MAC of another').toBe(false);
  await apollo.run('ip', 'link', 'set', 'wire', 'address', MACS[APOLLO]);
  expect(await apollo.succeeds(...dns(await addressIn(network, 2)), host)).toBe(true);
});

test('a guest cannot be the router, nor another guest, by their link-local addresses, and can have one of its own making', async () => {
  const linkLocal = (mac: string): string => `${eui64Address('fe80:0:0:0::', mac)}%wire`;
  const router = linkLocal(await readFile(`/sys/class/net/${network.bridge}/address`, 'utf8').then((text) => text.trim()));
  const [port, ours] = [await greeter(hermes, 6), await greeter(apollo, 6)];
  const claim = async (what: 'add' | 'del', address: string) => await apollo.run('ip', 'address', what, address.replace('%wire', '/64'), 'dev', 'wire', ...(what === 'add' ? ['nodad'] : []));
  const to = linkLocal(MACS[HERMES]);
  expect(await apollo.succeeds(...hears(to, port, linkLocal(MACS[APOLLO]))), 'by its own').toBe(true);
  await claim('add', 'fe80::1234:5678%wire');
  expect(await apollo.succeeds(...hears(to, port, 'fe80::1234:5678%wire')), 'by one that is made otherwise').toBe(true);
  expect(await hermes.succeeds(...hears('fe80::1234:5678%wire', ours))).toBe(true);
  await claim('add', router);
  expect(await apollo.succeeds(...hears(to, port, router)), 'by the router\'s').toBe(false);
  await hermes.run('ip', '-6', 'neighbour', 'flush', 'dev', 'wire');
  expect(await hermes.succeeds(...hears(router, ours)), 'to the router').toBe(false);
  expect(await hermes.run('ip', '-6', 'neighbour', 'show', router.replace('%wire', ''), 'dev', 'wire')).not.toContain(MACS[APOLLO]);
  await claim('del', router);
  // As a guest that is off would leave it to be taken.
  await hermes.run('ip', 'address', 'del', to.replace('%wire', '/64'), 'dev', 'wire');
  await claim('add', to);
  await hermes.run('ip', '-6', 'neighbour', 'flush', 'dev', 'wire');
  expect(await hermes.run('ip', 'address', 'add', 'fe80::9/64', 'dev', 'wire', 'nodad').then(() => hermes.succeeds(...hears(to, ours, 'fe80::9%wire'))), 'to another guest').toBe(false);
  await claim('del', to);
  await hermes.run('ip', 'address', 'add', to.replace('%wire', '/64'), 'dev', 'wire', 'nodad');
}, 30_000);

test('a guest cannot give up the lease of another one, nor hide that it does in fragments', async () => {
  const [server, address] = [await addressIn(network, 1), await addressIn(network, 3)];
  const asks = async () => await hermes.run(...dhcp('discover', { mac: MACS[HERMES], address, server }));
  expect(await asks()).toBe('2\n');
  await apollo.run(...dhcp('decline', { mac: MACS[HERMES], address, server }));
  expect(await asks()).toBe('2\n');
  await apollo.run(...dhcp('decline', { mac: MACS[HERMES], address, server }, 1_600));
  expect(await asks()).toBe('2\n');
  // What it says of its own card counts, in one packet.
  const own = { mac: MACS[APOLLO], address: await addressIn(network, 2), server };
  await apollo.run(...dhcp('decline', own, 1_600));
  expect(await apollo.run(...dhcp('discover', own))).toBe('2\n');
  await apollo.run(...dhcp('decline', own));
  expect(await apollo.run(...dhcp('discover', own))).toBe('');
}, 30_000);

test('a second home has a network of its own beside it, and keeps out of the first', async () => {
  const other = await makeHome();
  const second = daemon(other);
  const release = await attach(second, APOLLO, 'apollo', 2);
  expect(await second.subnet('zone1')).not.toBe(await network.subnet('zone1'));
  expect(await traces(second, other)).toEqual(expect.arrayContaining([second.bridge, second.plugOf(APOLLO, 0, null).name, expect.stringContaining('dnsmasq'), expect.stringContaining('table inet'), expect.stringContaining('table bridge')]));
  const port = await greeter(hermes, 4);
  const guest = await makeNamespace(second.plugOf(HERMES, 0, null).name, MACS[HERMES]);
  const away = await attach(second, HERMES, 'hermes', 3);
  await guest.run('ip', 'address', 'add', `${await addressIn(second, 3)}/24`, 'dev', 'wire');
  await guest.run('ip', 'route', 'add', 'default', 'via', await addressIn(second, 1));
  expect(await guest.succeeds(...hears(await addressIn(network, 3), port))).toBe(false);
  await guest[Symbol.asyncDispose]();
  // What cannot be taken away when a machine ends is told, and is as soon as it can be.
  const record = `${other}/network/machines/${HERMES}.json`;
  await rename(record, `${other}/kept`);
  await mkdir(record);
  const gone = away();
  await expect.poll(() => logs.join('\n'), { timeout: 15_000, interval: 100 }).toContain('hermes has ended, and what its cards were plugged into could not be taken away');
  await rmdir(record);
  await rename(`${other}/kept`, record);
  await gone;
  await release();
  expect(await traces(second, other)).toEqual([]);
  expect(await links()).toContain(network.bridge);
}, 30_000);

test('what was killed, flushed or deleted is there again within seconds, and told', async () => {
  const { pid } = JSON.parse(await readFile(`${home}/network/dnsmasq.json`, 'utf8')) as { pid: number };
  process.kill(pid, 'SIGKILL');
  await sh('nft', 'delete', 'table', 'inet', `holdfast_${network.bridge.slice(3)}`);
  await sh('ip', 'link', 'delete', network.bridge);
  await expect.poll(() => logs.join('\n'), { timeout: 15_000, interval: 100 }).toMatch(/lacked its dnsmasq, its bridge, its firewall rules/);
  const resolver = new Resolver({ timeout: 2_000, tries: 3 });
  resolver.setServers([await addressIn(network, 1)]);
  expect(await resolver.resolve4('hermes.holdfast')).toEqual([await addressIn(network, 3)]);
  const port = await greeter(apollo, 4);
  expect(await sh(...hears(await addressIn(network, 2), port))).toContain(await addressIn(network, 1));
}, 30_000);

test('a daemon that starts takes over what lives, and clears away what does not, though it was half made', async () => {
  const other = await makeHome();
  const first = daemon(other);
  await attach(first, APOLLO, 'apollo', 2);
  await attach(first, HERMES, 'hermes', 3);
  const { pid } = JSON.parse(await readFile(`${other}/network/dnsmasq.json`, 'utf8')) as { pid: number };
  // As kill -9 leaves it between a process's start and its record, and between a tap and its bridge.
  await rm(`${other}/network/dnsmasq.json`);
  await sh('ip', 'link', 'set', first.plugOf(HERMES, 0, null).name, 'nomaster');
  await first[Symbol.asyncDispose]();
  const next = daemon(other);
  await next.tidy((id) => id === APOLLO);
  expect((await traces(next, other)).filter((name) => name.startsWith('h')).toSorted()).toEqual([next.bridge, next.plugOf(APOLLO, 0, null).name].toSorted());
  expect((JSON.parse(await readFile(`${other}/network/dnsmasq.json`, 'utf8').catch(() => `{"pid":${pid}}`)) as { pid: number }).pid).toBe(pid);
  await next[Symbol.asyncDispose]();
  const last = daemon(other);
  await last.tidy(() => false);
  expect(await traces(last, other)).toEqual([]);
});

test('a home that is moved takes its network along; a copy of it, and a home in its old place, have others', async () => {
  const old = await makeHome();
  const first = daemon(old);
  await attach(first, APOLLO, 'apollo', 2);
  await first[Symbol.asyncDispose]();
  const moved = `${old}-moved`;
  homes.push(moved);
  await rename(old, moved);
  const next = daemon(moved);
  await next.tidy((id) => id === APOLLO);
  const release = await attach(next, APOLLO, 'apollo', 2);
  expect([next.bridge, await next.subnet('zone1')]).toEqual([first.bridge, await first.subnet('zone1')]);
  const names = new Resolver({ timeout: 2_000, tries: 2 });
  names.setServers([await addressIn(next, 1)]);
  expect(await names.resolve4('apollo.holdfast')).toEqual([await addressIn(next, 2)]);
  const copy = `${old}-copy`;
  homes.push(copy);
  await sh('cp', '-a', moved, copy);
  expect(daemon(copy).bridge).not.toBe(next.bridge);
  expect(daemon(old).bridge).not.toBe(next.bridge);
  await release();
  expect(await traces(next, moved)).toEqual([]);
});

test('the end of one machine leaves all others their dnsmasq; its name is gone, and its lease is there when it is started again', async () => {
  const [server, address] = [await addressIn(network, 1), await addressIn(network, 3)];
  const renew = async () => await hermes.run(...dhcp('renew', { mac: MACS[HERMES], address, server }));
  const serving = async () => (JSON.parse(await readFile(`${home}/network/dnsmasq.json`, 'utf8')) as { pid: number }).pid;
  const leases = async () => await readFile(`${home}/network/leases`, 'utf8');
  expect(await renew()).toBe('5\n');
  const lease = `${MACS[HERMES]} ${address} * *`;
  await expect.poll(leases).toContain(lease);
  const before = await serving();
  await network.detach(HERMES);
  expect(await serving()).toBe(before);
  const names = new Resolver({ timeout: 2_000, tries: 2 });
  names.setServers([server]);
  await expect.poll(() => names.resolve4('hermes.holdfast').catch((error: NodeJS.ErrnoException) => error.code)).toBe('ENOTFOUND');
  await expect(names.reverse(address)).rejects.toMatchObject({ code: 'ENOTFOUND' });
  expect(await names.resolve4('apollo.holdfast')).toEqual([await addressIn(network, 2)]);
  expect(await leases()).toContain(lease);
  await attach(network, HERMES, 'hermes', 3);
  expect(await serving()).toBe(before);
  expect(await renew()).toBe('5\n');
  expect(await names.resolve4('hermes.holdfast')).toEqual([address]);
}, 30_000);

test('an address that has passed to another card is given to it though the old lease stands', async () => {
  const other = await makeHome();
  const one = daemon(other);
  const release = await attach(one, APOLLO, 'apollo', 2);
  const address = await addressIn(one, 2);
  await writeFile(`${other}/network/leases`, `0 52:54:00:99:99:99 ${address} gone *\n`);
  await one.change({ id: APOLLO, name: 'apollo', uid: UID, spec: spec(MACS[APOLLO], address) });
  expect(await readFile(`${other}/network/leases`, 'utf8')).not.toContain('52:54:00:99:99:99');
  await release();
});

test('the end of an earlier run takes nothing from a later one', async () => {
  const other = await makeHome();
  const one = daemon(other);
  const earlier = await attach(one, APOLLO, 'apollo', 2);
  const later = await attach(one, APOLLO, 'apollo', 2);
  await earlier();
  expect(await links()).toContain(one.plugOf(APOLLO, 0, null).name);
  await later();
  expect(await traces(one, other)).toEqual([]);
});

test('instances of different zones are on subnets and bridges of their own, reach each other, the world and each other\'s names, and leave nothing', async () => {
  const other = await makeHome();
  const one = daemon(other);
  const within = async (zone: ZoneName, host: number) => (await one.subnet(zone)).replace(/\.0\/24$/, `.${host}`);
  const [first, second] = [await within('zone1', 2), await within('zone2', 2)];
  expect(new Set([await one.subnet('zone1'), await one.subnet('zone2'), await one.subnet('zone3')]).size).toBe(3);
  const release = await one.attach({ id: APOLLO, name: 'apollo', uid: UID, spec: spec(MACS[APOLLO], first) });
  const away = await one.attach({ id: HERMES, name: 'hermes', uid: UID, spec: spec(MACS[HERMES], second) });
  expect(await links()).toEqual(expect.arrayContaining([one.bridge, `${one.bridge}-2`]));
  expect(await links()).not.toContain(`${one.bridge}-3`);
  expect(await traces(one, other)).toEqual(expect.arrayContaining([`${one.bridge}-2`, 'zone2']));
  const guests = new AsyncDisposableStack();
  cleanups.push(() => guests[Symbol.asyncDispose]());
  // As a guest's tap is: where the tap was, on the bridge that it was on, and known to the rules by its name.
  const plug = async (id: keyof typeof MACS, zone: ZoneName, address: string, bridge: string): Promise<Namespace> => {
    const { name } = one.plugOf(id, 0, null);
    await sh('ip', 'link', 'delete', name);
    const guest = guests.use(await makeNamespace(name, MACS[id]));
    // Its addresses and routes are those that follow, and none that the router's word has made before.
    await guest.run('sh', '-c', 'echo 0 > /proc/sys/net/ipv6/conf/wire/accept_ra');
    await sh('ip', 'link', 'set', name, 'master', bridge, 'up');
    const prefix = /^dhcp-range=(fd[0-9a-f:]+)/m.exec(await readFile(`${other}/network/${zone === 'zone1' ? '' : `${zone}/`}dnsmasq.conf`, 'utf8'))?.[1] ?? '';
    await guest.run('ip', 'address', 'add', `${address}/24`, 'dev', 'wire');
    await guest.run('ip', '-6', 'address', 'replace', `${eui64Address(prefix, MACS[id])}/64`, 'dev', 'wire', 'nodad');
    await guest.run('ip', 'route', 'add', 'default', 'via', await within(zone, 1));
    await guest.run('ip', '-6', 'route', 'add', 'default', 'via', `${prefix}1`, 'dev', 'wire', 'onlink');
    return guest;
  };
  const here = await plug(APOLLO, 'zone1', first, one.bridge);
  const there = await plug(HERMES, 'zone2', second, `${one.bridge}-2`);
  expect(await here.run(...hears(second, await greeter(there, 4))), 'by the address that it has, not the host\'s').toContain(first);
  expect(await there.run(...hears(first, await greeter(here, 4)))).toContain(second);
  const names = new Resolver({ timeout: 2_000, tries: 2 });
  names.setServers([await within('zone1', 1)]);
  expect(await names.resolve4('hermes.holdfast')).toEqual([second]);
  const [six = ''] = await names.resolve6('hermes.holdfast');
  expect(await here.run(...hears(six, await greeter(there, 6)))).toMatch(/^fd.*c0fe\n$/);
  names.setServers([await within('zone2', 1)]);
  expect(await names.resolve4('apollo.holdfast')).toEqual([first]);
  expect(await there.run(...hears(`198.18.${process.pid % 250}.2`, await greeter(world, 4)))).toContain(`198.18.${process.pid % 250}.1`);
  // An address of the other zone's is no use in this one.
  await there.run('ip', 'address', 'add', `${await within('zone1', 77)}/32`, 'dev', 'wire');
  expect(await there.succeeds('ping', '-c', '1', '-W', '1', '-I', await within('zone1', 77), first)).toBe(false);
  await guests[Symbol.asyncDispose]();
  await away();
  expect(await traces(one, other), 'what zone2 had is gone with its last card').not.toEqual(expect.arrayContaining([`${one.bridge}-2`]));
  expect(await readdir(`${other}/network`)).not.toContain('zone2');
  expect(await links()).toContain(one.bridge);
  await release();
  expect(await traces(one, other)).toEqual([]);
}, 30_000);

test('a zone whose subnet the host has come to use is refused by name, and keeps no other zone from coming up', async () => {
  const other = await makeHome();
  const one = daemon(other);
  const address = (await one.subnet('zone2')).replace(/\.0\/24$/, '.9');
  await using _elsewhere = await makeNamespace(`hfd${process.pid}`);
  await sh('ip', 'address', 'add', `${address}/24`, 'dev', `hfd${process.pid}`);
  await sh('ip', 'link', 'set', `hfd${process.pid}`, 'up');
  await expect(one.attach({ id: HERMES, name: 'hermes', uid: UID, spec: spec(MACS[HERMES], address) })).rejects.toMatchObject({ code: 'machine-failed', message: expect.stringContaining(await one.subnet('zone2')) as string });
  const release = await attach(one, APOLLO, 'apollo', 2);
  expect((await links()).filter((name) => name.startsWith(one.bridge))).toEqual([one.bridge]);
  await release();
  expect(await traces(one, other)).toEqual([]);
});

test('a home of before zones had their own keeps its subnet as zone1\'s, and its cards where they are, whatever their zone', async () => {
  const other = await makeHome();
  const before = daemon(other);
  const subnet = await before.subnet('zone1');
  const path = `${other}/network/network.json`;
  const { zones: _, ...record } = JSON.parse(await readFile(path, 'utf8')) as { zones?: unknown };
  await writeFile(path, JSON.stringify(record));
  const release = await attach(before, HERMES, 'hermes', 2);
  await before[Symbol.asyncDispose]();
  const next = daemon(other);
  await next.tidy((id) => id === HERMES);
  expect(await next.subnet('zone1')).toBe(subnet);
  expect(await next.layout(await addressIn(next, 2))).toMatchObject({ subnet });
  expect(await next.subnet('zone2')).not.toBe(subnet);
  // It is started again, though zone2 has a subnet now.
  const again = await attach(next, HERMES, 'hermes', 2);
  expect((await links()).filter((name) => name.startsWith(next.bridge))).toEqual([next.bridge]);
  await release();
  await again();
  expect(await traces(next, other)).toEqual([]);
});
