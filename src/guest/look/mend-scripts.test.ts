import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MEND_SCRIPTS } from './mend-scripts.ts';

const NETWORK = '/run/systemd/network/10-netplan-ens3.network';

let root: string;
beforeEach(async () => { root = await mkdtemp(join(tmpdir(), 'hf-mend-')); });
afterEach(() => rm(root, { recursive: true, force: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

/** In a guest of these files, whose networkd never gives an address. @returns what was done, and how often an address was waited for */
async function lease(files: Readonly<Record<string, string>>): Promise<{ said: string; done: string[]; waits: number }> {
  await write('/sys/class/net/ens3/ifindex', '2\n');
  for (const [path, text] of Object.entries(files)) await write(path, text);
  const tools = `systemctl() { case $1 in is-active) [ "$3" = systemd-networkd ] ;; *) echo "systemctl $*" >>${root}/done ;; esac; }
networkctl() { echo "networkctl $*" >>${root}/done; }
ip() { :; }
sleep() { echo "sleep $*" >>${root}/done; }
`;
  const script = MEND_SCRIPTS.lease.replaceAll(/(?<=[ "])\/(?:run|sys|etc|usr|lib)\b/g, (path) => `${root}${path}`);
  const { stdout } = await promisify(execFile)('sh', ['-c', `${tools}${script}`, 'sh', 'ens3']);
  const { stdout: log } = await promisify(execFile)('cat', [`${root}/done`]);
  const lines = log.trim().split('\n');
  return { said: stdout.trim(), done: lines.filter((line) => !line.startsWith('sleep')), waits: lines.filter((line) => line.startsWith('sleep')).length };
}

const stateOf = (file: string) => ({ '/run/systemd/netif/links/2': `ADMIN_STATE=configured\nNETWORK_FILE=${file}\n` });
const configured = (text: string) => ({ ...stateOf(`${root}${NETWORK}`), [NETWORK]: `[Match]\nName=ens3\n\n[Network]\n${text}\n` });

test.each(['DHCP=ipv4', 'DHCP=yes', 'dhcp = true', 'Address=10.0.2.15/24', 'LinkLocalAddressing=no\nAddress=fd00::2/64\nAddress=10.0.2.15/24'])('networkd that gives no address is restarted where it is to have one: %j', async (text) => {
  expect(await lease(configured(text))).toEqual({
    said: 'restarted networkd, which gave ens3 no address when it was to configure it anew', waits: 15, done: ['networkctl reconfigure ens3', 'systemctl restart systemd-networkd'],
  });
});

test.each(['DHCP=ipv6', 'DHCP=no', 'Address=fd00::2/64', '#DHCP=ipv4\nIPv6AcceptRA=yes'])('an interface that is to have no IPv4 address is waited for by nobody: %j', async (text) => {
  expect(await lease(configured(text))).toEqual({ said: 'had networkd configure ens3 anew', waits: 0, done: ['networkctl reconfigure ens3'] });
});

test('what is written beside its configuration counts, and where that is not known an address is waited for', async () => {
  expect((await lease({ ...configured('DHCP=no'), '/etc/systemd/network/10-netplan-ens3.network.d/mine.conf': '[Network]\nDHCP=ipv4\n' })).waits).toBe(15);
  await rm(root, { recursive: true });
  expect((await lease({})).waits).toBe(15);
  await rm(root, { recursive: true });
  expect((await lease(stateOf('/nowhere.network'))).waits).toBe(15);
});
