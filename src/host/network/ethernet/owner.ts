/** Who configures a link of the host: NetworkManager, systemd-networkd, or nobody that would do it again. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { tryRun } from '../tools.ts';

export type Owner = 'NetworkManager' | 'networkd' | 'nobody';

export async function ownerOf(link: string): Promise<Owner> {
  if (await ofNetworkManager(link)) return 'NetworkManager';
  return await ofNetworkd(link) ? 'networkd' : 'nobody';
}

async function ofNetworkManager(link: string): Promise<boolean> {
  const said = await tryRun('nmcli', ['--terse', '--get-values', 'GENERAL.STATE', 'device', 'show', link]);
  // 10 is unmanaged; from 20 on it is in its hands.
  return Number(/^\d+/.exec(said ?? '')?.[0] ?? 0) >= 20;
}

/** What it says of its links outlives it. */
async function ofNetworkd(link: string): Promise<boolean> {
  const index = (await readFile(`/sys/class/net/${link}/ifindex`, 'utf8').catch(() => '')).trim();
  const state = await readFile(`/run/systemd/netif/links/${index}`, 'utf8').catch(() => '');
  const administered = /^ADMIN_STATE=(.*)$/m.exec(state)?.[1] ?? 'unmanaged';
  return !['unmanaged', 'linger'].includes(administered) && (await programsHere()).some(({ name }) => name === 'systemd-networkd');
}

/** Clients that hold a lease on the link itself: they would go on asking there, where no answer arrives any more. */
const LEASE_HOLDERS = ['dhclient', 'dhcpcd', 'udhcpc', 'connmand', 'wickedd'];

/** @returns its name */
export async function leaseHolder(link: string): Promise<string | undefined> {
  return (await programsHere()).find(({ name, words }) => LEASE_HOLDERS.includes(name) && (words.includes(link) || name.endsWith('d')))?.name;
}

/** Of this network: containers have theirs. */
async function programsHere(): Promise<{ readonly name: string; readonly words: readonly string[] }[]> {
  const here = await readlink('/proc/self/ns/net');
  const found = await Promise.all((await readdir('/proc')).filter((pid) => /^\d+$/.test(pid)).map(async (pid) => {
    const [line, network] = await Promise.all([readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''), readlink(`/proc/${pid}/ns/net`).catch(() => '')]);
    if (line === '' || network !== here) return [];
    const words = line.split('\0');
    return [{ name: (words[0] ?? '').replace(/:.*$/, '').replace(/^.*\//, ''), words }];
  }));
  return found.flat();
}
