import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
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

interface Guest {
  readonly active?: readonly string[];
  /** It has an address as soon as this was called. */
  readonly cure?: string;
  readonly fails?: string;
  /** Programs that it has besides. */
  readonly has?: string;
}

/** In a guest of these files, whose networkd never gives an address if nothing cures it. @returns what was done, and how often an address was waited for */
async function lease(files: Readonly<Record<string, string>>, { active = ['systemd-networkd'], cure = 'nothing', fails = 'nothing', has = 'nothing' }: Guest = {}): Promise<{ said: string; done: string[]; waits: number }> {
  await write('/sys/class/net/ens3/ifindex', '2\n');
  for (const [path, text] of Object.entries(files)) await write(path, text);
  const tools = `done_() { echo "$*" >>${root}/done; [ "$*" != '${fails}' ]; }
systemctl() { case $1 in is-active) case ' ${active.join(' ')} ' in *" $3 "*) ;; *) return 1 ;; esac ;; *) done_ systemctl "$@" ;; esac; }
networkctl() { done_ networkctl "$@"; }
nmcli() { done_ nmcli "$@"; }
command() { [ "$2" = ${has} ]; }
timeout() { shift; done_ "$@"; }
ip() { ! grep -qx '${cure}' ${root}/done || echo '2: ens3 inet 10.0.2.15/24'; }
sleep() { echo "sleep $*" >>${root}/done; }
`;
  const script = MEND_SCRIPTS.lease.replaceAll(/(?<=[ "])\/(?:run|sys|etc|usr|lib)\b/g, (path) => `${root}${path}`);
  const { stdout } = await promisify(execFile)('sh', ['-c', `${tools}${script}`, 'sh', 'ens3']);
  const lines = (await readFile(join(root, 'done'), 'utf8')).trim().split('\n');
  return { said: stdout.trim().replace(root, ''), done: lines.filter((line) => !line.startsWith('sleep')), waits: lines.filter((line) => line.startsWith('sleep')).length };
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

const UNTOLD = { '/run/systemd/netif/links/2': 'ADMIN_STATE=unmanaged\nOPER_STATE=degraded\n' };
const OWN = '/run/systemd/network/zz-holdfast-ens3.network';
const OWN_TEXT = '[Match]\nName=ens3\n\n[Network]\nDHCP=ipv4\n\n[DHCPv4]\nClientIdentifier=mac\n';
const TOLD = `told networkd, which had no file for ens3, to ask for a lease: ${OWN}`;
const ownText = (): Promise<string | undefined> => readFile(join(root, OWN), 'utf8').catch(() => undefined);

test('networkd that has no file for an interface is given one, of Holdfast\'s name and for this boot alone, and is not disturbed while it asks', async () => {
  expect(await lease(UNTOLD, { cure: 'networkctl reload' })).toEqual({ said: TOLD, waits: 1, done: ['networkctl reload'] });
  expect([await ownText(), (await stat(join(root, OWN))).mode & 0o777]).toEqual([OWN_TEXT, 0o644]);
});

test('it is restarted where it cannot reload, or gives no address then', async () => {
  expect(await lease(UNTOLD, { fails: 'networkctl reload' })).toEqual({ said: TOLD, waits: 0, done: ['networkctl reload', 'systemctl restart systemd-networkd'] });
  await rm(root, { recursive: true });
  expect(await lease(UNTOLD)).toMatchObject({ waits: 15, done: ['networkctl reload', 'systemctl restart systemd-networkd'] });
});

test('one that does not run is started where nobody else is there to ask for a lease', async () => {
  expect(await lease({}, { active: [] })).toEqual({ said: `started networkd, which did not run, to ask for a lease for ens3: ${OWN}`, waits: 0, done: ['systemctl start systemd-networkd'] });
  expect(await ownText()).toBe(OWN_TEXT);
});

test('where a client asked and was given none, networkd is not started', async () => {
  await expect(lease({}, { active: [], has: 'dhclient', fails: 'dhclient -1 ens3' })).rejects.toMatchObject({ stderr: expect.stringContaining('nothing in the guest manages ens3') as string });
  expect([await ownText(), await readFile(join(root, 'done'), 'utf8')]).toEqual([undefined, 'dhclient -1 ens3\n']);
});

test('a guest that has no networkd is left as it was', async () => {
  await expect(lease({}, { active: [], fails: 'systemctl start systemd-networkd' })).rejects.toMatchObject({ stderr: expect.stringContaining('nothing in the guest manages ens3') as string });
  expect(await ownText()).toBeUndefined();
});

test('what NetworkManager manages is its own', async () => {
  expect(await lease(UNTOLD, { active: ['systemd-networkd', 'NetworkManager'] })).toMatchObject({ said: 'had NetworkManager connect ens3 anew', done: ['nmcli device connect ens3'] });
  expect(await ownText()).toBeUndefined();
});
