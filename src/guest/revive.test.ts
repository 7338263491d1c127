import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SCRIPT } from './revive.ts';

const MAC = '52:54:00:00:00:01';
const FILE = '/run/systemd/network/10-netplan-default.network';

let root: string;
beforeEach(async () => { root = await mkdtemp(join(tmpdir(), 'hf-revive-')); });
afterEach(() => rm(root, { recursive: true, force: true }));

/**
 * In a guest whose networkd configures the card for so many seconds after a reload, and gives its address when `cure` was called.
 * @returns what was said, and what was done
 */
async function revived({ cure, configuring = 0, text = 'DHCP=ipv4' }: { cure: string; configuring?: number; text?: string }): Promise<{ said: string[]; done: string[] }> {
  const files = {
    '/sys/class/net/enp1s0/address': `${MAC}\n`, '/sys/class/net/enp1s0/ifindex': '2\n', '/sys/class/net/enp1s0/device': '',
    [FILE]: `[Network]\n${text}\n`, '/run/systemd/netif/links/2': `ADMIN_STATE=configured\nNETWORK_FILE=${root}${FILE}\n`,
  };
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  const tools = `left=${configuring}
done_() { echo "$*" >>${root}/done; }
systemctl() { case $1 in is-active) ;; show) echo loaded ;; *) done_ systemctl "$@" ;; esac; }
networkctl() { done_ networkctl "$@"; if [ "$1" = reload ] && [ $left -gt 0 ]; then sed -i s/configured/configuring/ ${root}/run/systemd/netif/links/2; fi; }
netplan() { done_ netplan "$@"; }
ip() { case $1 in link) done_ ip "$@" ;; *) ! grep -qx '${cure}' ${root}/done || echo '2: enp1s0 inet 10.0.2.15/24' ;; esac; }
sleep() { done_ sleep; left=$((left - 1)); [ $left -ne 0 ] || sed -i s/configuring/configured/ ${root}/run/systemd/netif/links/2; }
`;
  const script = SCRIPT.replaceAll(/(?<=[ "])\/(?:run|sys|etc|usr|lib)\b/g, (path) => `${root}${path}`);
  const { stdout } = await promisify(execFile)('sh', ['-c', `${tools}${script}`, 'sh', MAC]);
  return { said: stdout.trim().split('\n'), done: (await readFile(join(root, 'done'), 'utf8')).trim().split('\n') };
}

const BEGUN = ['netplan generate', 'ip link set dev enp1s0 up', 'networkctl reload'];
const times = (count: number): string[] => Array.from({ length: count }, () => 'sleep');

test('a card is configured anew when networkd has done with it, and has its address then', async () => {
  expect(await revived({ cure: 'networkctl reconfigure enp1s0', configuring: 3 })).toEqual({
    said: ['had networkd configure enp1s0 anew'], done: [...BEGUN, ...times(3), 'networkctl reconfigure enp1s0', 'sleep'],
  });
});

test('networkd that has the lease and never gives its address is restarted', async () => {
  expect(await revived({ cure: 'nothing', configuring: 100 })).toEqual({
    said: ['had networkd configure enp1s0 anew', 'restarted networkd, which gave enp1s0 no address'],
    done: [...BEGUN, ...times(5), 'networkctl reconfigure enp1s0', ...times(15), 'systemctl restart systemd-networkd.service'],
  });
});

test('a card that is to have no IPv4 address is waited for by nobody', async () => {
  expect((await revived({ cure: 'nothing', text: 'DHCP=ipv6' })).done).toEqual([...BEGUN, 'networkctl reconfigure enp1s0']);
});
