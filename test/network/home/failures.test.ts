/** A home's network where something does not work, on a host that is a namespace: what is told, what is tried again, and what is left. It needs root. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { APOLLO, HERMES, makeHomeHost, type HomeHost } from './host-bench.ts';

/** Processes are slow to start on a busy host. */
const LONG = 120_000;

let bench: HomeHost;
beforeEach(async () => { bench = await makeHomeHost(); }, LONG);
afterEach(() => bench[Symbol.asyncDispose](), LONG);

const REFUSES = '#!/bin/sh\necho "failed to create listening socket: Address already in use"\nexit 1\n';

test('a network that does not come up is no network at the next attempt either, in the same boot of the host', async () => {
  const daemon = bench.daemon(await bench.program('refuses', REFUSES));
  expect(await daemon.call('whyNot')).toMatch(/Address already in use/);
  expect(await bench.traces(), 'what was made for the attempt').toEqual([]);
  expect(await daemon.call('whyNot')).toMatch(/Address already in use/);
  expect(await bench.daemon().call('whyNot')).toBeUndefined();
}, LONG);

test('a machine that could not be attached leaves nothing; where others are, it leaves them as they were', async () => {
  const failing = bench.daemon(await bench.program('refuses', REFUSES));
  await expect(failing.attach(APOLLO)).rejects.toThrow('Address already in use');
  expect(await bench.traces()).toEqual([]);
  await failing[Symbol.asyncDispose]();
  const daemon = bench.daemon(await bench.program('fails-in-zone2', '#!/bin/sh\ncase "$*" in *zone2*) echo not in zone2; exit 1 ;; esac\nexec dnsmasq "$@"\n'));
  await daemon.attach(APOLLO);
  const before = await bench.traces();
  await expect(daemon.attach(HERMES, 'zone2')).rejects.toThrow('not in zone2');
  expect(await bench.traces()).toEqual(before);
  expect(await bench.host.run('nft', 'list', 'ruleset')).not.toContain(HERMES.mac);
  await daemon.call('detach', HERMES.id);
  await daemon.call('detach', APOLLO.id);
  expect(await bench.traces()).toEqual([]);
}, LONG);

test('a zone whose dnsmasq does not start any more keeps no machine of another zone from starting, and is told of', async () => {
  const daemon = bench.daemon(await bench.program('fails-later-in-zone2', `#!/bin/sh\ncase "$*" in *zone2*) if [ -e ${bench.home}/fail ]; then echo not in zone2; exit 1; fi ;; esac\nexec dnsmasq "$@"\n`));
  await daemon.attach(HERMES, 'zone2');
  await writeFile(`${bench.home}/fail`, '');
  process.kill((JSON.parse(await readFile(`${bench.home}/network/zone2/dnsmasq.json`, 'utf8')) as { pid: number }).pid, 'SIGKILL');
  await daemon.attach(APOLLO);
  await expect.poll(() => daemon.told, { timeout: 30_000, interval: 100 }).toContainEqual(expect.objectContaining({ cause: 'network-broken zone2', message: expect.stringContaining('not in zone2') as string }));
  await rm(`${bench.home}/fail`);
  await expect.poll(() => daemon.told, { timeout: 60_000, interval: 100 }).toContainEqual(expect.objectContaining({ cause: 'network-repaired its dnsmasq of zone2' }));
  for (const { id } of [HERMES, APOLLO]) await daemon.call('detach', id);
}, LONG);

test('a host whose daemon is killed as soon as it forwards does so no more when the next one has cleared up', async () => {
  const daemon = bench.daemon();
  await daemon.call('subnet', 'zone1');
  const killed = bench.host.run('sh', '-c', `while read -r on < /proc/sys/net/ipv4/ip_forward; [ "$on" = 0 ]; do :; done; kill -9 ${daemon.pid}`);
  daemon.attach(APOLLO).catch(() => undefined);
  await killed;
  await daemon[Symbol.asyncDispose]();
  expect(await bench.traces()).toContain('/proc/sys/net/ipv4/ip_forward:1');
  await bench.daemon().call('tidy', []);
  expect(await bench.traces()).toEqual([]);
}, LONG);

test('what somebody else has switched on since the host was started stays on, though the record of before says that it was off', async () => {
  const daemon = bench.daemon();
  await daemon.call('subnet', 'zone1');
  const path = `${bench.home}/network/network.json`;
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')) as object, switched: { ipv4: true, ipv6: true }, switchedIn: 'another boot' }));
  await bench.host.run('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
  await daemon.attach(APOLLO);
  // The next thorough look finds this, and no forwarding of IPv6 that this host is not to do.
  await bench.host.run('ip', 'link', 'set', `h${(await bench.key()).slice(0, 4)}-${APOLLO.id}0`, 'down');
  await expect.poll(() => daemon.told.map(({ cause }) => cause), { timeout: 45_000, interval: 100 }).toEqual([expect.stringMatching(/^network-repaired the bridge of h\w+-\w+$/)]);
  await daemon.call('detach', APOLLO.id);
  expect(await bench.traces()).toEqual(['/proc/sys/net/ipv4/ip_forward:1']);
}, LONG);

test('a closed network that somebody had made does not keep the host forwarding when the last card has gone', async () => {
  const daemon = bench.daemon();
  await daemon.attach(APOLLO);
  await daemon.call('createNetwork', 'lan');
  expect(await bench.traces()).toEqual(expect.arrayContaining(['/proc/sys/net/ipv4/ip_forward:1', `hn-${await bench.key()}-0`]));
  await daemon.call('detach', APOLLO.id);
  expect(await bench.traces()).not.toContain('/proc/sys/net/ipv4/ip_forward:1');
  expect(await bench.traces()).toContain(`hn-${await bench.key()}-0`);
}, LONG);

test('what is flushed of a closed network is there again while a machine has its only card there, and no network of the home\'s is made for it', async () => {
  const daemon = bench.daemon();
  await daemon.call('createNetwork', 'lan');
  await daemon.call('attach', await daemon.guest(APOLLO, ['lan']));
  const [bridge, tap] = [`hn-${await bench.key()}-0`, `g${(await bench.key()).slice(0, 4)}-${APOLLO.id}1`];
  const rules = await bench.host.run('nft', '-s', 'list', 'ruleset');
  const told = (): readonly string[] => daemon.told.map(({ message }) => message);
  await bench.host.run('nft', 'flush', 'ruleset');
  await expect.poll(told, { timeout: 45_000, interval: 100 }).toEqual(['the network lan lacked its firewall rules, and was repaired']);
  expect(await bench.host.run('nft', '-s', 'list', 'ruleset')).toBe(rules);
  await bench.host.run('ip', 'link', 'delete', bridge);
  await expect.poll(told, { timeout: 45_000, interval: 100 }).toContain(`the network lan lacked its bridge, the bridge of ${tap}, and was repaired`);
  expect(await bench.host.run('ip', '-o', 'link', 'show', tap)).toContain(`master ${bridge}`);
  expect(await bench.traces()).not.toContain(`hf-${await bench.key()}`);
}, LONG);

test('IPv6 is forwarded while there are two zones, and whoever listens to routers goes on; then all is as it was', async () => {
  const daemon = bench.daemon();
  await daemon.attach(APOLLO);
  const before = await bench.traces();
  await daemon.attach(HERMES, 'zone2');
  expect(await bench.traces()).toEqual(expect.arrayContaining(['/proc/sys/net/ipv6/conf/all/forwarding:1', '/proc/sys/net/ipv6/conf/wire/accept_ra:2']));
  await daemon.call('detach', HERMES.id);
  expect(await bench.traces()).toEqual(before);
  await daemon.call('detach', APOLLO.id);
  expect(await bench.traces()).toEqual([]);
}, LONG);

test('a way out for IPv6 may come when the network is long up: from then on the host forwards it', async () => {
  const daemon = bench.daemon();
  await daemon.attach(APOLLO);
  await bench.host.run('ip', 'link', 'set', 'wire', 'up');
  await bench.host.run('ip', '-6', 'route', 'add', 'default', 'dev', 'wire');
  await expect.poll(() => daemon.told.map(({ cause }) => cause), { timeout: 45_000, interval: 100 }).toEqual(['network-repaired the host\'s forwarding']);
  expect(await bench.traces()).toContain('/proc/sys/net/ipv6/conf/all/forwarding:1');
  await bench.host.run('ip', '-6', 'route', 'delete', 'default', 'dev', 'wire');
  await daemon.call('detach', APOLLO.id);
  expect(await bench.traces()).toEqual([]);
}, LONG);

test('IPv6 that is switched off on the host takes nothing else along, and is there again when it is switched on', async () => {
  const daemon = bench.daemon();
  const ipv6 = async (off: '0' | '1') => await bench.host.run('sh', '-c', `echo ${off} > /proc/sys/net/ipv6/conf/all/disable_ipv6`);
  const config = async (): Promise<string> => await readFile(`${bench.home}/network/dnsmasq.conf`, 'utf8');
  await daemon.attach(APOLLO);
  await ipv6('1');
  await daemon.attach(HERMES);
  expect(await config()).not.toContain('enable-ra');
  const first = await bench.dnsmasq();
  await ipv6('0');
  await expect.poll(() => daemon.told.map(({ message }) => message), { timeout: 45_000, interval: 100 }).toContainEqual(expect.stringContaining('its bridge\'s addresses'));
  expect(await config()).toContain('enable-ra');
  expect(await bench.dnsmasq()).not.toBe(first);
  expect(await bench.host.run('ip', '-6', '-o', 'address', 'show', 'scope', 'global')).toMatch(/ hf-\S+ .* fd/);
  expect(daemon.told.filter(({ cause }) => cause === 'network-broken')).toEqual([]);
  for (const { id } of [APOLLO, HERMES]) await daemon.call('detach', id);
  expect(await bench.traces()).toEqual([]);
}, LONG);

test('a dnsmasq that hangs when it is started anew holds up nobody who leaves, and is ended with those that it was for', async () => {
  const daemon = bench.daemon(await bench.program('hangs', `#!/bin/sh\nif [ -e ${bench.home}/pipe ]; then read -r never < ${bench.home}/pipe; fi\nexec dnsmasq "$@"\n`));
  await daemon.attach(APOLLO);
  await daemon.attach(HERMES);
  await bench.host.run('mkfifo', `${bench.home}/pipe`);
  process.kill(await bench.dnsmasq(), 'SIGKILL');
  const hanging = async (): Promise<string[]> => (await bench.traces()).filter((line) => line.includes('/hangs --keep-in-foreground'));
  await expect.poll(hanging, { timeout: 30_000, interval: 100 }).toHaveLength(1);
  const startedAt = performance.now();
  await daemon.call('detach', HERMES.id);
  // It would have ten seconds to get ready.
  expect(performance.now() - startedAt).toBeLessThan(7_000);
  await rm(`${bench.home}/pipe`);
  await expect.poll(() => daemon.told.map(({ message }) => message), { timeout: 60_000, interval: 100 }).toContainEqual(expect.stringContaining('lacked its dnsmasq, and was repaired'));
  expect(await hanging()).toEqual([]);
  await daemon.call('detach', APOLLO.id);
  expect(await bench.traces()).toEqual([]);
}, LONG);

test('what cannot be repaired is told with what to do, and what was repaired is told though that was told before', async () => {
  const daemon = bench.daemon(await bench.program('refuses', `#!/bin/sh\nif [ -e ${bench.home}/refuse ]; then echo Address already in use; exit 1; fi\nexec dnsmasq "$@"\n`));
  await daemon.attach(APOLLO);
  await writeFile(`${bench.home}/refuse`, '');
  process.kill(await bench.dnsmasq(), 'SIGKILL');
  await expect.poll(() => daemon.told, { timeout: 30_000, interval: 100 }).toEqual([{ cause: 'network-broken', message: expect.stringContaining('Address already in use') as string, remedy: expect.stringContaining('holdfast doctor') as string }]);
  expect(await daemon.call('whyNot'), 'a new instance is where the others are').toBeUndefined();
  expect(await daemon.call('trouble')).toMatchObject({ seen: expect.stringMatching(/^it lacks its dnsmasq, .*Address already in use/) as string, lasts: true });
  await rm(`${bench.home}/refuse`);
  await expect.poll(() => daemon.told, { timeout: 30_000, interval: 100 }).toContainEqual(expect.objectContaining({ cause: 'network-repaired its dnsmasq' }));
  expect(await daemon.call('trouble')).toBeUndefined();
  await daemon.call('detach', APOLLO.id);
  expect(await bench.traces()).toEqual([]);
}, LONG);

test('a bridge of the host\'s that is gone keeps nothing else from being repaired, and has its card again when it is there', async () => {
  const daemon = bench.daemon();
  const makeBridge = async () => await bench.host.run('ip', 'link', 'add', 'name', 'br0', 'type', 'bridge');
  await makeBridge();
  await daemon.attach(APOLLO, 'zone1', ['br0']);
  await bench.host.run('ip', 'link', 'delete', 'br0');
  await bench.host.run('sh', '-c', 'echo 0 > /proc/sys/net/ipv4/ip_forward');
  const told = (): readonly string[] => daemon.told.map(({ cause }) => cause);
  await expect.poll(told, { timeout: 45_000, interval: 100 }).toContain('network-repaired the host\'s forwarding');
  await makeBridge();
  const tap = `g${(await bench.key()).slice(0, 4)}-${APOLLO.id}1`;
  await expect.poll(told, { timeout: 45_000, interval: 100 }).toContain(`network-repaired the bridge of ${tap}`);
  expect(await bench.host.run('ip', '-o', 'link', 'show', tap)).toContain('master br0');
  expect(told()).not.toContain('network-broken');
}, LONG);

test('whoever else drops what guests send is known, until he names their bridges', async () => {
  const daemon = bench.daemon();
  const nft = async (...words: string[]) => await bench.host.run('nft', words.join(' '));
  expect(await daemon.call('droppedBy')).toEqual([]);
  await nft('add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }');
  expect(await daemon.call('droppedBy')).toEqual([{ family: 'ip', table: 'filter', hook: 'forward' }]);
  await nft('add rule ip filter FORWARD iifname "hf-*" accept');
  expect(await daemon.call('droppedBy')).toEqual([]);
  await nft('add table inet mine; add chain inet mine in { type filter hook input priority 0; policy accept; }; add rule inet mine in ct state established accept; add rule inet mine in counter log prefix "gone" reject comment "all else"');
  expect(await daemon.call('droppedBy')).toEqual([{ family: 'inet', table: 'mine', hook: 'input' }]);
  await nft('insert rule inet mine in iifname != "eth0" accept');
  expect(await daemon.call('droppedBy')).toEqual([]);
}, LONG);
