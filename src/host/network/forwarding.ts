/**
 * Forwarding is the whole host's matter (docs/decisions/network.md): it is switched on while a home's network is up, and off
 * again by whoever switched it on. IPv6's only where the host has a way out, since a host that forwards stops listening to
 * routers unless it is told to go on.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';

const CONF = '/proc/sys/net';

export interface Switched {
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  /** Links that were told to listen to routers though the host forwards; an earlier Holdfast did not write them down. */
  readonly listening?: readonly string[];
}

/** @returns what is off, and is to be switched on */
export async function forwardingThatIsOff(ipv6: boolean): Promise<Switched> {
  const ipv4 = await read('ipv4/ip_forward') === '0';
  if (!ipv6 || await read('ipv6/conf/all/forwarding') !== '0') return { ipv4, ipv6: false };
  const listening: string[] = [];
  for (const link of await readdir(`${CONF}/ipv6/conf`)) {
    if (link !== 'all' && await read(acceptRa(link)) === '1') listening.push(link);
  }
  return { ipv4, ipv6: true, listening };
}

export async function switchForwardingOn({ ipv4, ipv6, listening = [] }: Switched): Promise<void> {
  if (ipv4) await turn('ipv4/ip_forward', '0', '1');
  // 1 means: listen to routers unless forwarding; 2: in any case.
  for (const link of listening) await turn(acceptRa(link), '1', '2');
  if (ipv6) await turn('ipv6/conf/all/forwarding', '0', '1');
}

export async function switchForwardingOff({ ipv4, ipv6, listening = [] }: Switched): Promise<void> {
  if (ipv4) await turn('ipv4/ip_forward', '1', '0');
  if (ipv6) await turn('ipv6/conf/all/forwarding', '1', '0');
  for (const link of listening) await turn(acceptRa(link), '2', '1');
}

/** @returns whether what was switched on is on still */
export async function isForwarding({ ipv4, ipv6 }: Switched): Promise<boolean> {
  return (!ipv4 || await read('ipv4/ip_forward') === '1') && (!ipv6 || await read('ipv6/conf/all/forwarding') === '1');
}

/**
 * The host does not take a guest for a router, nor believe it where others are. Nor does it try its own addresses out first, for a
 * second or two from the first card on: until then it cannot ask where a guest is, and what is to be forwarded to it waits. Its link-local address is made of its MAC (0),
 * which is how the rules know it.
 */
export async function guardLink(link: string): Promise<void> {
  for (const [path, value] of [['ipv6/conf', 'addr_gen_mode'], ['ipv6/conf', 'accept_dad'], ['ipv6/conf', 'accept_ra'], ['ipv6/conf', 'autoconf'], ['ipv4/conf', 'accept_redirects'], ['ipv6/conf', 'accept_redirects']] as const) {
    await writeFile(`${CONF}/${path}/${link}/${value}`, '0').catch(ignoreAbsence);
  }
}

export async function hasIpv6(): Promise<boolean> {
  return await read('ipv6/conf/all/disable_ipv6') === '0';
}

function acceptRa(link: string): string {
  return `ipv6/conf/${link}/accept_ra`;
}

/** Not where it is something else by now. */
async function turn(path: string, from: string, to: string): Promise<void> {
  if (await read(path) === from) await writeFile(`${CONF}/${path}`, to).catch(ignoreAbsence);
}

async function read(path: string): Promise<string | undefined> {
  return (await readFile(`${CONF}/${path}`, 'utf8').catch(() => undefined))?.trim();
}

/** A kernel without IPv6, or a link that went meanwhile. */
function ignoreAbsence(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
