/** Says why this host cannot give instances a network of their own, before anything is tried. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';

const TOOLS = [['ip', 'iproute2'], ['nft', 'nftables'], ['dnsmasq', 'dnsmasq-base']] as const;
const DIRECTORIES = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** @returns the reason with its remedy; undefined when nothing speaks against it */
export async function obstacle(home: string): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid?.() !== 0) return 'it needs a daemon that runs as root';
  // dnsmasq's configuration has no way to write these.
  if (/["#\\,\n]/.test(home)) return `the path of the home (${home}) has a character that dnsmasq cannot be given`;
  for (const [tool, brings] of TOOLS) {
    if (!(await isThere(tool))) return `${tool} is not installed (apt-get install ${brings})`;
  }
  const tun = await stat('/dev/net/tun').catch(() => undefined);
  if (tun === undefined) return '/dev/net/tun is missing (modprobe tun)';
  // Each machine runs under a user of its own, in no group.
  if ((tun.mode & 0o006) !== 0o006) return '/dev/net/tun is closed to the unprivileged users that run machines (chmod 0666 /dev/net/tun)';
  return undefined;
}

async function isThere(tool: string): Promise<boolean> {
  for (const directory of DIRECTORIES) {
    if (await access(join(directory, tool), constants.X_OK).then(() => true, () => false)) return true;
  }
  return false;
}
