/** The home's own network with real guests on it: by address, by name, with cards that come and go, across the daemon's death. */
import { execFile } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from './home.ts';
import { openHomeUnderTest } from './provided.ts';

const home = openHomeUnderTest();
const NAME = 'argo';
const inHome = (name: string): string => join(home.directory, 'network', name);
const inGuest = async (script: string) => (await home.must(['exec', NAME, '--', 'sh', '-c', script], { timeoutMs: 60_000 })).stdout;

/** Of this home's instances that have cards: the one with this name. */
async function idOf(name: string): Promise<string> {
  for (const file of await readdir(inHome('machines'))) {
    if ((await readFile(join(inHome('machines'), file), 'utf8')).includes(`"name":"${name}"`)) return file.replace('.json', '');
  }
  throw new Error(`${name} has no cards`);
}

/** Of the guest's own sshd, which starts a while after the network of a fork is there. */
async function greeting(address: string): Promise<string> {
  let said = '';
  await waitFor(`an sshd to answer at ${address}`, async () => (said = await asked(address).catch(() => '')) !== '', 60_000);
  return said;
}

async function asked(address: string): Promise<string> {
  const socket = connect({ host: address, port: 22, timeout: 20_000 });
  socket.on('timeout', () => socket.destroy(new Error(`${address} does not answer`)));
  try {
    return await new Promise((resolve, reject) => { socket.once('data', (text) => resolve(String(text))).once('error', reject); });
  } finally {
    socket.destroy();
  }
}

async function resolver(): Promise<Resolver> {
  const { subnet } = JSON.parse(await readFile(inHome('network.json'), 'utf8')) as { subnet: string };
  const asked = new Resolver({ timeout: 5_000, tries: 2 });
  asked.setServers([subnet.replace(/\.0\/24$/, '.1')]);
  return asked;
}

describe.runIf(process.getuid?.() === 0)('on the bridge', () => {
  beforeAll(async () => {
    await home.must(['launch', '--name', NAME, '--network', 'holdfast']);
    await waitFor(`${NAME}'s address`, async () => (await home.info(NAME)).network === 'ok', 60_000);
  });
  afterAll(async () => { await home.run(['delete', '--purge', NAME]); });

  test('the host reaches a guest by the addresses that its name stands for, in both families', async () => {
    const names = await resolver();
    const [four = ''] = await names.resolve4(`${NAME}.holdfast`);
    expect((await home.info(NAME)).ipv4).toContain(four);
    expect(await greeting(four)).toMatch(/^SSH-2\.0-/);
    const [six = ''] = await names.resolve6(`${NAME}.holdfast`);
    expect(await greeting(six)).toMatch(/^SSH-2\.0-/);
  });

  test('a fork gets its further card, which comes up by itself', async () => {
    await waitFor('two addresses', async () => (await home.info(NAME)).ipv4.length === 2, 120_000);
    expect(await inGuest('sudo ls /etc/netplan; ip -4 route show default')).toMatch(/60-holdfast-[0-9a-f]{12}\.yaml[\s\S]*metric 200/);
  });

  test('a card is plugged in and taken out while it runs, and the others notice nothing', async () => {
    const boot = await inGuest('cat /proc/sys/kernel/random/boot_id');
    const { stdout, seconds } = await home.must(['net', 'attach', NAME, '--mac', '52:54:00:00:0a:70']);
    process.stdout.write(`net attach: ${seconds.toFixed(1)} s\n`);
    expect(stdout).toContain('52:54:00:00:0a:70');
    await waitFor('three addresses', async () => (await home.info(NAME)).ipv4.length === 3, 120_000);
    const { seconds: out } = await home.must(['net', 'detach', NAME, '52:54:00:00:0a:70']);
    process.stdout.write(`net detach: ${out.toFixed(1)} s\n`);
    expect(await inGuest('cat /sys/class/net/*/address')).not.toContain('52:54:00:00:0a:70');
    expect(await inGuest('sudo ls /etc/netplan')).not.toContain('525400000a70');
    expect(await inGuest('cat /proc/sys/kernel/random/boot_id')).toBe(boot);
    expect((await home.info(NAME)).network).toBe('ok');
  });

  test('with the daemon and dnsmasq both killed, the next daemon has names and addresses again', async () => {
    const { pid } = JSON.parse(await readFile(inHome('dnsmasq.json'), 'utf8')) as { pid: number };
    await home.killDaemon();
    process.kill(pid, 'SIGKILL');
    await home.must(['list']);
    const names = await resolver();
    await waitFor('names to be answered', async () => await names.resolve4(`${NAME}.holdfast`).then(() => true, () => false), 30_000);
    const [four = ''] = await names.resolve4(`${NAME}.holdfast`);
    expect(await greeting(four)).toMatch(/^SSH-2\.0-/);
  });

  test('with it go its taps, its name and its rules', async () => {
    const id = await idOf(NAME);
    expect((await readdir('/sys/class/net')).filter((link) => link.includes(id))).toHaveLength(2);
    await home.must(['delete', '--purge', NAME]);
    expect((await readdir('/sys/class/net')).filter((link) => link.includes(id))).toEqual([]);
    const names = await resolver();
    // dnsmasq is told by a signal.
    await waitFor('its name to be forgotten', async () => await names.resolve4(`${NAME}.holdfast`).then(() => false, (error: NodeJS.ErrnoException) => error.code === 'ENOTFOUND'), 10_000);
    const { stdout } = await promisify(execFile)('nft', ['list', 'ruleset']);
    expect(stdout).not.toContain(id);
  });
});
