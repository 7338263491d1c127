/** Forks of a template: each a guest of its own, as far as can be seen from inside. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clockOffset } from './clock-offset.ts';
import { waitFor } from './home.ts';
import { openHomeUnderTest, slowness } from './provided.ts';

const home = openHomeUnderTest();
const FORKS = ['castor', 'pollux'];
const inGuest = async (name: string, script: string) => (await home.must(['exec', name, '--', 'sudo', 'sh', '-c', script], { timeoutMs: 60_000 })).stdout;
const both = async (script: string) => await Promise.all(FORKS.map((name) => inGuest(name, script)));

beforeAll(async () => {
  for (const name of FORKS) {
    const { stderr, seconds } = await home.must(['launch', '--name', name]);
    process.stdout.write(`fork ${name}: ${seconds.toFixed(2)} s\n`);
    expect(stderr).not.toContain('booted instead of forked');
  }
});
afterAll(async () => { await home.run(['delete', '--purge', ...FORKS]); });

test('they are forks of one template, which is listed', async () => {
  const { templates } = JSON.parse((await home.must(['template', 'list', '--format', 'json'])).stdout) as { templates: { cpus: number }[] };
  expect(templates).toMatchObject([{ cpus: 1 }]);
});

async function clockIsTheHosts(name: string): Promise<void> {
  const { ms, uncertainMs } = await clockOffset(home, name);
  process.stdout.write(`${name}'s clock: ${ms.toFixed(1)} ms from the host's, give or take ${uncertainMs.toFixed(1)}\n`);
  expect(Math.abs(ms)).toBeLessThan(50);
  expect(uncertainMs).toBeLessThan(50 * slowness());
}

test('the clock is the host\'s', async () => { await clockIsTheHosts('castor'); });

test.each([
  ['name', 'hostname; cat /etc/hostname; hostnamectl hostname'],
  ['machine-id', 'cat /etc/machine-id'],
  ['boot id, in a fresh mount of proc too', 'cat /proc/sys/kernel/random/boot_id; unshare -m sh -c "mount -t proc proc /mnt && cat /mnt/sys/kernel/random/boot_id"'],
  ['SSH host key', 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub; ssh-keygen -yf /etc/ssh/ssh_host_ed25519_key | cut -d" " -f1,2'],
  ['key of the lanes', 'cat /etc/holdfast/host_ed25519.pub'],
  ['instance-id for cloud-init', 'cloud-init query v1.instance_id; cat /var/lib/cloud/data/instance-id; readlink /var/lib/cloud/instance'],
  ['host name for cloud-init', 'cloud-init query v1.local_hostname'],
  ['MAC', 'cat /sys/class/net/enp1s0/address; grep -o "52:54[0-9a-f:]*" /etc/netplan/50-cloud-init.yaml'],
  ['random bytes', 'head -c 32 /dev/urandom | od -An -tx1'],
])('each has its own %s', async (_what, script) => {
  const [castor = '', pollux = ''] = await both(script);
  expect(castor).not.toBe('');
  const shared = castor.split('\n').filter((line) => line !== '' && pollux.split('\n').includes(line));
  expect(shared).toEqual([]);
});

test('the machine-id that systemd tells its programs is that of the file', async () => {
  for (const said of await both('cat /etc/machine-id; systemd-id128 machine-id')) {
    const lines = said.trim().split('\n');
    expect(lines.at(-1)).toBe(lines[0]);
  }
});

test('nothing of the template is left, in files or in the journal, and nothing failed', async () => {
  await Promise.all(FORKS.map((name) => waitFor(`${name} to have forgotten`, async () => await inGuest(name, 'ls /var/log/journal | wc -l') === '1\n', 30_000)));
  for (const name of FORKS) {
    expect(await inGuest(name, 'grep -rlsa hf-templat[e] /etc /var/lib /var/log /run /root /home; true')).toBe('');
    expect(await inGuest(name, 'systemctl --failed --no-legend; true')).toBe('');
    expect(await inGuest(name, 'journalctl --no-pager -o cat'), 'its journal begins with its first login').toContain('New session');
    expect(await inGuest(name, 'journalctl --no-pager -o cat')).not.toMatch(/has been deleted|leftover after parsing/);
    // They begin when the network is there.
    await waitFor(`${name}'s services`, async () => await inGuest(name, 'systemctl is-active ssh systemd-networkd systemd-journald systemd-timesyncd; true') === 'active\n'.repeat(4), 30_000);
    expect((await inGuest(name, 'cloud-init status')).trim()).toBe('status: done');
  }
});

test('the network comes, and says so; the guest\'s own sshd has a key that the host made', async () => {
  const ids = await readdir(join(home.directory, 'instances'));
  const made = await Promise.all(ids.map((id) => readFile(join(home.directory, 'instances', id, 'keys/guest-host.pub'), 'utf8')));
  for (const name of FORKS) {
    const [type, key] = (await inGuest(name, 'cat /etc/ssh/ssh_host_ed25519_key.pub')).split(' ');
    expect(made.filter((each) => each.startsWith(`${type} ${key} `))).toHaveLength(1);
    await waitFor(`${name}'s address`, async () => (await home.info(name)).network === 'ok', 20_000);
    expect((await home.info(name)).ipv4).toHaveLength(1);
  }
});

test('a larger disk is larger inside', async () => {
  await home.must(['launch', '--name', 'atlas', '--disk', '8G']);
  try {
    expect(Number(await inGuest('atlas', 'df --output=size -B1 / | tail -1'))).toBeGreaterThan(7.5 * 2 ** 30);
  } finally {
    await home.must(['delete', '--purge', 'atlas']);
  }
});

test('their memory is a private mapping of the template\'s', async () => {
  for (const name of FORKS) {
    const smaps = await readFile(`/proc/${await home.qemuPid(name) ?? 0}/smaps`, 'utf8');
    const memory = smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).find((mapping) => /^\S+ rw-p .*(?:memfd:holdfast-template|\/templates\/[0-9a-f]{16}\/ram)/.test(mapping));
    const kilobytes = (what: string) => Number(new RegExp(`^${what}:\\s+(\\d+) kB`, 'm').exec(memory ?? '')?.[1]);
    process.stdout.write(`${name}: ${(kilobytes('Anonymous') / 1000).toFixed(0)} MB of its own, ${(kilobytes('Rss') / 1000).toFixed(0)} MB touched\n`);
    expect(kilobytes('Size')).toBe(1024 * 1024);
  }
});

test('suspended, it goes on where it was, with the host\'s clock and another look at its lanes', async () => {
  await inGuest('castor', 'echo remembered > /run/note');
  const boot = await inGuest('castor', 'cat /proc/sys/kernel/random/boot_id');
  const { seconds: saved } = await home.must(['suspend', 'castor']);
  expect((await home.info('castor')).state).toBe('Suspended');
  const { seconds: resumed } = await home.must(['start', 'castor']);
  process.stdout.write(`suspend ${saved.toFixed(2)} s, start ${resumed.toFixed(2)} s\n`);
  expect(await inGuest('castor', 'cat /run/note /proc/sys/kernel/random/boot_id')).toBe(`remembered\n${boot}`);
  await clockIsTheHosts('castor');
  await home.must(['suspend', 'castor']);
  expect(await inGuest('castor', 'cat /run/note'), 'a command wakes it').toBe('remembered\n');
});

test('a restart boots it as any other instance, with what it had', { timeout: 900_000 }, async () => {
  const before = await inGuest('pollux', 'cat /etc/machine-id; cloud-init query v1.instance_id; cat /proc/sys/kernel/random/boot_id');
  await home.must(['restart', 'pollux'], { timeoutMs: 300_000 });
  // One command that waits: an emulated guest that is asked again and again while it boots boots for minutes.
  expect((await home.run(['exec', 'pollux', '--', 'cloud-init', 'status', '--wait'], { timeoutMs: 600_000 })).stdout).toContain('done');
  const after = await inGuest('pollux', 'cat /etc/machine-id; cloud-init query v1.instance_id; cat /proc/sys/kernel/random/boot_id');
  expect(after.split('\n').slice(0, 2)).toEqual(before.split('\n').slice(0, 2));
  expect(after.split('\n')[2]).not.toBe(before.split('\n')[2]);
});
