/** Who switches the host's forwarding off again, where there are several homes on a host that is a namespace. It needs root. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { APOLLO, HERMES, makeHomeHost, type Daemon, type HomeHost, type HomeOnHost } from './host-bench.ts';

/** Processes are slow to start on a busy host. */
const LONG = 120_000;
const [IPV4, IPV6, LISTENS] = ['/proc/sys/net/ipv4/ip_forward:1', '/proc/sys/net/ipv6/conf/all/forwarding:1', '/proc/sys/net/ipv6/conf/wire/accept_ra:2'];

let bench: HomeHost;
let second: HomeOnHost;
let daemons: [Daemon, Daemon];
beforeEach(async () => {
  bench = await makeHomeHost();
  second = await bench.another();
  daemons = [bench.daemon(), second.daemon()];
}, LONG);
afterEach(() => bench[Symbol.asyncDispose](), LONG);

/** Those that are not as they were, without what bridges and taps have themselves. */
const settings = async (): Promise<string[]> => (await bench.traces()).filter((line) => [IPV4, IPV6, LISTENS].includes(line));

/** As a daemon that is killed with its dnsmasq, and its home removed, leaves the host. */
async function lose(daemon: Daemon, { home, dnsmasq }: HomeOnHost): Promise<void> {
  for (const pid of [daemon.pid, await dnsmasq()]) process.kill(pid, 'SIGKILL');
  await daemon[Symbol.asyncDispose]();
  await rm(`${home}/network`, { recursive: true });
}

test('the last home that needs it switches off what another has switched on, and no more than that', async () => {
  const [one, other] = daemons;
  await one.attach(APOLLO);
  await other.attach(APOLLO);
  await one.attach(HERMES, 'zone2');
  expect(await settings()).toEqual(expect.arrayContaining([IPV4, IPV6, LISTENS]));
  for (const { id } of [APOLLO, HERMES]) await one.call('detach', id);
  expect(await settings(), 'the other has one zone, and the host no way out by IPv6').toEqual([IPV4]);
  await other.call('detach', APOLLO.id);
  expect(await bench.traces()).toEqual([]);
}, LONG);

test('what somebody else had switched on stays on', async () => {
  await bench.host.run('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
  for (const daemon of daemons) await daemon.attach(APOLLO);
  for (const daemon of daemons) await daemon.call('detach', APOLLO.id);
  expect(await bench.traces()).toEqual([IPV4]);
}, LONG);

test('a home that is no more needs nothing, though its bridge is left; one whose machines run does', async () => {
  const [one, other] = daemons;
  await one.attach(APOLLO);
  const bridge = `hf-${await bench.key()}`;
  await lose(one, bench);
  // In the place of a machine's tap that is open.
  await bench.host.run('sh', '-c', `ip link add m0 type veth peer name m1; ip link set m0 master ${bridge} up; ip link set m1 up`);
  await expect.poll(() => bench.host.run('ip', '-o', 'link', 'show', bridge)).toContain('LOWER_UP');
  await other.attach(APOLLO);
  await other.call('detach', APOLLO.id);
  expect(await settings()).toEqual([IPV4]);
  await bench.host.run('ip', 'link', 'delete', 'm0');
  await other.attach(APOLLO);
  await other.call('detach', APOLLO.id);
  expect(await settings()).toEqual([]);
}, LONG);

test('a home that is there needs it though its daemon is dead, until its bridge is gone', async () => {
  const [one, other] = daemons;
  await one.attach(APOLLO);
  process.kill(one.pid, 'SIGKILL');
  await other.attach(APOLLO);
  await other.call('detach', APOLLO.id);
  expect(await settings()).toEqual([IPV4]);
  await bench.host.run('ip', 'link', 'delete', `hf-${await bench.key()}`);
  await other.attach(APOLLO);
  await other.call('detach', APOLLO.id);
  expect(await settings()).toEqual([]);
}, LONG);

test('homes that come and go at once leave it on while one is there, and off when none is', async () => {
  const [one, other] = daemons;
  for (let round = 0; round < 4; round += 1) {
    await Promise.all(daemons.map((daemon) => daemon.attach(APOLLO)));
    expect(await settings()).toEqual([IPV4]);
    await Promise.all([one.call('detach', APOLLO.id), other.attach(HERMES)]);
    expect(await settings()).toEqual([IPV4]);
    await Promise.all([one.attach(APOLLO), other.call('detach', HERMES.id), other.call('detach', APOLLO.id)]);
    expect(await settings()).toEqual([IPV4]);
    await one.call('detach', APOLLO.id);
    expect(await bench.traces()).toEqual([]);
  }
}, LONG);

test('what an earlier Holdfast wrote down for its home alone is known to all when a daemon takes that home over', async () => {
  const [one, other] = daemons;
  await one.attach(APOLLO);
  await one[Symbol.asyncDispose]();
  const path = `${bench.home}/network/network.json`;
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')) as object, switched: { ipv4: true, ipv6: false }, switchedIn: boot }));
  const forgotten = (await bench.traces()).find((line) => line.startsWith('holdfast-forwarding'));
  await rm(`/run/${forgotten ?? ''}`);
  const next = bench.daemon();
  await next.call('tidy', [APOLLO.id]);
  await other.attach(APOLLO);
  await next.call('detach', APOLLO.id);
  expect(await settings()).toEqual([IPV4]);
  await other.call('detach', APOLLO.id);
  expect(await bench.traces()).toEqual([]);
}, LONG);

test('what one home has switched on is put back for another, whoever switches it off', async () => {
  const [one, other] = daemons;
  await one.attach(APOLLO);
  await other.attach(APOLLO);
  await one.call('detach', APOLLO.id);
  await bench.host.run('sh', '-c', 'echo 0 > /proc/sys/net/ipv4/ip_forward');
  await expect.poll(() => other.told.map(({ cause }) => cause), { timeout: 45_000, interval: 100 }).toEqual(['network-repaired the host\'s forwarding']);
  expect(await settings()).toEqual([IPV4]);
}, LONG);
