/** What somebody may take from a network that is up, on a host that is a namespace: it is there again, and told. It needs root. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { APOLLO, makeHomeHost, type Daemon, type HomeHost } from './host-bench.ts';

const LONG = 120_000;

let bench: HomeHost;
let daemon: Daemon;
let key: string;
beforeAll(async () => {
  bench = await makeHomeHost();
  daemon = bench.daemon();
  await daemon.attach(APOLLO);
  key = await bench.key();
}, LONG);
afterAll(() => bench[Symbol.asyncDispose](), LONG);

const dnsmasqState = async (): Promise<string> => (await bench.host.run('ps', '-o', 'state=', '-p', String(await bench.dnsmasq()))).trim();
const loaded = async (): Promise<string> => await bench.host.run('nft', '-s', 'list', 'ruleset');
const host = (...words: [string, ...string[]]) => () => bench.host.run(...words);

test.each<[string, string, (names: { readonly bridge: string; readonly table: string; readonly tap: string }) => () => Promise<unknown>, () => Promise<string>]>([
  ['an address', 'its bridge\'s addresses', ({ bridge }) => host('sh', '-c', `ip address flush dev ${bridge} scope global`), () => bench.host.run('ip', '-o', '-4', 'address')],
  ['the link-local address', 'its bridge\'s addresses', ({ bridge }) => host('sh', '-c', `ip -6 address flush dev ${bridge}`), () => bench.host.run('sh', '-c', 'ip -6 -o address | grep -c hf- || true')],
  ['forwarding', 'the host\'s forwarding', () => host('sh', '-c', 'echo 0 > /proc/sys/net/ipv4/ip_forward'), () => bench.host.run('cat', '/proc/sys/net/ipv4/ip_forward')],
  ['a tap that is up', 'the bridge of', ({ tap }) => host('ip', 'link', 'set', tap, 'down'), () => bench.host.run('sh', '-c', 'ip -o link | grep -c "[,<]UP[,>].* master hf-" || true')],
  ['rules in a chain', 'its firewall rules', ({ table }) => host('nft', 'flush', 'chain', 'bridge', table, 'from_cards'), loaded],
  ['rules in all chains', 'its firewall rules', ({ table }) => host('nft', 'flush', 'table', 'inet', table), loaded],
  ['elements of a set', 'its firewall rules', ({ table }) => host('nft', 'flush', 'set', 'bridge', table, 'cards'), loaded],
  ['a dnsmasq that was held', 'its dnsmasq', () => async () => process.kill(await bench.dnsmasq(), 'SIGSTOP'), dnsmasqState],
])('%s', async (_what, told, take, look) => {
  const before = await look();
  const since = daemon.told.length;
  await take({ bridge: `hf-${key}`, table: `holdfast_${key}`, tap: `h${key.slice(0, 4)}-${APOLLO.id}0` })();
  expect(await look()).not.toBe(before);
  await expect.poll(() => daemon.told.slice(since).map(({ message }) => message).join('\n'), { timeout: 45_000, interval: 100 }).toContain(`lacked ${told}`);
  expect(await look()).toBe(before);
}, LONG);

test('and where nothing is missing, nothing is repaired', async () => {
  const since = daemon.told.length;
  // The next thorough look finds this, and this alone.
  await bench.host.run('sh', '-c', 'echo 0 > /proc/sys/net/ipv4/ip_forward');
  await expect.poll(() => daemon.told.slice(since).map(({ message }) => message), { timeout: 45_000, interval: 100 }).toEqual([expect.stringMatching(/lacked the host's forwarding, and was repaired$/)]);
}, LONG);
