/** An ethernet of the host's in a bridge and out of it again, in namespaces: the host keeps its network, whatever happens. It needs root. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeHostBench, type HostBench } from './bench.ts';

/** Processes are slow to start on a busy host. */
const LONG = 180_000;

let bench: HostBench;
let before: Awaited<ReturnType<HostBench['picture']>>;
beforeEach(async () => {
  bench = await makeHostBench();
  before = await bench.picture('eth0');
}, LONG);
afterEach(() => bench[Symbol.asyncDispose](), LONG);

/** Nobody listens there: that it is refused is an answer. */
const answers = (address: string): readonly [string, ...string[]] => [process.execPath, '-e', `const s=require('net').connect(9,'${address}');s.setTimeout(3000,()=>process.exit(1));s.on('error',(e)=>process.exit(e.code==='ECONNREFUSED'?0:1))`];
const reaches = async (): Promise<boolean> => await bench.host.succeeds(...answers('198.18.1.1')) && await bench.host.succeeds(...answers('2001:db8:1::1'));
const links = async (): Promise<string[]> => (await bench.host.run('ip', '-o', 'link')).split('\n').map((line) => line.split(': ')[1]?.replace(/@.*/, '') ?? '').filter((name) => name !== '');
const masterOf = async (link: string): Promise<string | undefined> => / master (\S+)/.exec(await bench.host.run('ip', '-o', 'link', 'show', 'dev', link))?.[1];

const asBefore = async (): Promise<void> => {
  expect(await links()).not.toContain('br-eth0');
  expect(await bench.picture('eth0')).toEqual(before);
  expect(await reaches()).toBe(true);
};

test('a bridge has all that its ethernet had, and the ethernet gets it back; nothing is left', async () => {
  expect(await bench.daemon('plan', 'eth0')).toEqual({ value: { bridge: 'br-eth0', agreed: false } });
  expect(await bench.daemon('make', 'eth0')).toEqual({});
  expect(await masterOf('eth0')).toBe('br-eth0');
  const made = await bench.picture('br-eth0');
  expect(made.routes).toEqual(before.routes);
  expect(made.addresses.map((each) => each.replace(/ br-eth0$/, ''))).toEqual(before.addresses.map((each) => each.replace(/ eth0:1$/, '')));
  expect((await bench.picture('eth0')).addresses).toEqual([]);
  expect(await reaches()).toBe(true);
  expect(await bench.daemon('list')).toMatchObject({ value: expect.arrayContaining([expect.objectContaining({ name: 'br-eth0', type: 'bridge', members: ['eth0'] })]) });
  expect(await bench.daemon('release')).toEqual({ value: ['br-eth0'] });
  await asBefore();
  expect(await readdir(bench.home)).toEqual([]);
}, LONG);

test.each([['shut', /198\.18\.1\.1.* did not answer by br-eth0/], ['robbed', /br-eth0 did not get the route to 0\.0\.0\.0\/0 by 198\.18\.1\.1/]])('where the host loses its network by it (%s), it is undone within seconds', async (how, message) => {
  const startedAt = performance.now();
  expect(await bench.daemon('make', 'eth0', how)).toEqual({ code: 'rolled-back', message: expect.stringMatching(message) as string });
  expect(performance.now() - startedAt).toBeLessThan(60_000);
  await asBefore();
  // Nobody has to agree again.
  expect(await bench.daemon('ensure', 'br-eth0')).toEqual({});
  expect(await reaches()).toBe(true);
}, LONG);

test.each(['die-before', 'die'])('a daemon that is killed in the middle (%s) is cleared up after by the next', async (when) => {
  await bench.daemon('make', 'eth0', when);
  expect(await bench.daemon('recover')).toEqual({});
  await asBefore();
  expect(await bench.daemon('ensure', 'br-eth0')).toEqual({});
  expect(await reaches()).toBe(true);
  expect(await bench.daemon('release')).toEqual({ value: ['br-eth0'] });
  await asBefore();
}, LONG);

test('a daemon that is killed in the middle is cleared up after at once, without another one', async () => {
  await bench.daemon('make', 'eth0', 'die-guarded');
  await expect.poll(links, { timeout: 60_000 }).not.toContain('br-eth0');
  await expect.poll(() => bench.picture('eth0'), { timeout: 20_000 }).toEqual(before);
  expect(await reaches()).toBe(true);
}, LONG);

test('with a guard that is not needed it is as without', async () => {
  expect(await bench.daemon('make', 'eth0', 'guarded')).toEqual({});
  expect(await masterOf('eth0')).toBe('br-eth0');
  expect(await bench.daemon('release', '', 'guarded')).toEqual({ value: ['br-eth0'] });
  await asBefore();
}, LONG);

test('a conversation that is under way goes on', async () => {
  const children: ChildProcess[] = [];
  const server = spawn('ip', ['netns', 'exec', bench.router.name, process.execPath, '-e', "const s=require('net').createServer((c)=>c.pipe(c)).listen(7777,'198.18.1.1',()=>console.log('ready'))"], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(server);
  try {
    await once(server.stdout, 'data');
    const client = spawn('ip', ['netns', 'exec', bench.host.name, process.execPath, '-e', "const s=require('net').connect(7777,'198.18.1.1');process.stdin.pipe(s).pipe(process.stdout)"], { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(client);
    const said = async (word: string): Promise<string> => {
      client.stdin.write(word);
      return String((await once(client.stdout, 'data', { signal: AbortSignal.timeout(10_000) }))[0]);
    };
    expect(await said('before')).toBe('before');
    expect(await bench.daemon('make', 'eth0')).toEqual({});
    expect(await said('between')).toBe('between');
    expect(await bench.daemon('release')).toEqual({ value: ['br-eth0'] });
    expect(await said('after')).toBe('after');
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}, LONG);

test('a machine that starts has its card on it, and while it runs the bridge stays', async () => {
  await bench.daemon('agree', 'eth0');
  expect(await masterOf('eth0'), 'nothing is done before a machine needs it').toBeUndefined();
  const { value: tap, ...more } = await bench.daemon('attach', 'br-eth0');
  expect(more).toEqual({});
  expect([await masterOf('eth0'), await masterOf(String(tap))]).toEqual(['br-eth0', 'br-eth0']);
  expect(await reaches()).toBe(true);
  await bench.daemon('detach');
  expect(await bench.daemon('release')).toEqual({ value: ['br-eth0'] });
  await asBefore();
}, LONG);

test('after a restart of the host it is made again, and what was half made is forgotten', async () => {
  await bench.daemon('make', 'eth0');
  const path = `${bench.home}/ethernets/bridges.json`;
  // As a restart leaves it: the host has its own configuration again.
  await bench.daemon('release', '', '', bench.home);
  await asBefore();
  await bench.daemon('make', 'eth0', 'die-before');
  await writeFile(path, (await readFile(path, 'utf8')).replace(/"boot":"[^"]*"/, '"boot":"another"'));
  await bench.host.run('ip', 'address', 'add', '198.18.1.9/24', 'dev', 'eth0');
  expect(await bench.daemon('ensure', 'br-eth0')).toEqual({});
  expect((await bench.picture('br-eth0')).addresses.join()).toContain('198.18.1.9/24');
  expect(await reaches()).toBe(true);
}, LONG);

test('two homes share it: the last one that leaves takes it away', async () => {
  const other = await bench.makeHome();
  expect(await bench.daemon('make', 'eth0')).toEqual({});
  expect(await bench.daemon('make', 'eth0', '', other)).toEqual({});
  // A machine of the other one's.
  await bench.host.run('ip', 'tuntap', 'add', 'dev', 'tap0', 'mode', 'tap');
  await bench.host.run('ip', 'link', 'set', 'dev', 'tap0', 'master', 'br-eth0', 'up');
  expect(await bench.daemon('release')).toEqual({ value: [] });
  expect(await masterOf('eth0')).toBe('br-eth0');
  await bench.host.run('ip', 'link', 'delete', 'dev', 'tap0');
  expect(await bench.daemon('release', '', '', other)).toEqual({ value: ['br-eth0'] });
  expect(await bench.picture('eth0')).toMatchObject({ routes: before.routes, flags: before.flags });
  expect(await reaches()).toBe(true);
}, LONG);

test('two homes that begin at once end with one bridge', async () => {
  const other = await bench.makeHome();
  expect(await Promise.all([bench.daemon('make', 'eth0'), bench.daemon('make', 'eth0', '', other)])).toEqual([{}, {}]);
  expect(await masterOf('eth0')).toBe('br-eth0');
  expect(await reaches()).toBe(true);
}, LONG);

test.each([
  ['a link has the name already', ['ip', 'tuntap', 'add', 'dev', 'br-eth0', 'mode', 'tap'], /the host has a link of that name already/],
  ['rules name it', ['nft', 'add table inet t { chain c { type filter hook input priority 0; iifname "eth0" tcp dport 22 accept; }; }'], /rules of the host's firewall name it/],
  ['the routing names it', ['ip', 'rule', 'add', 'iif', 'eth0', 'table', '77'], /rules of the host's routing name it/],
  ['its address is lent', ['ip', 'address', 'replace', '198.18.1.2/24', 'dev', 'eth0', 'valid_lft', '3600', 'preferred_lft', '3600'], /198\.18\.1\.2\/24 is lent for a time/],
  ['a route goes several ways', ['ip', 'route', 'add', '10.20.0.0/16', 'nexthop', 'via', '198.18.1.1', 'dev', 'eth0', 'nexthop', 'via', '198.18.1.7', 'dev', 'eth0'], /its route to 10\.20\.0\.0\/16 goes several ways/],
] as const)('refused, with the reason, where %s', async (_why, [tool, ...words], message) => {
  await bench.host.run(tool, ...words);
  for (const what of ['plan', 'make']) expect(await bench.daemon(what, 'eth0')).toEqual({ code: 'not-supported', message: expect.stringMatching(message) as string });
  expect(await masterOf('eth0')).toBeUndefined();
}, LONG);
