/** Looks at a link of the host, and lets the tools change it in one go. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../../core/errors.ts';
import { pictureAddress, pictureRoute, type Picture } from '../../../core/network/ethernet/picture.ts';
import { writeWhole } from '../../write-whole.ts';
import { ip, ipBatch, ipJson } from '../tools.ts';

/** @throws not-found, not-supported where it has something that cannot be carried over */
export async function pictureOf(link: string): Promise<Picture> {
  const [links, addresses, four, six] = await Promise.all([
    ipJson('-details', 'link', 'show'), ipJson('-details', 'address', 'show'), ipJson('-4', '-details', 'route', 'show', 'table', 'all'),
    // A kernel without IPv6 has no routes of it.
    ipJson('-6', '-details', 'route', 'show', 'table', 'all').catch(() => []),
  ]);
  const found = links.find(({ ifname }) => ifname === link);
  if (found === undefined) throw fail('not-found', `the host has no network card ${link}`, { hint: 'see which there are: holdfast networks' });
  const all = addresses.find(({ ifname }) => ifname === link)?.['addr_info'];
  const mode = found['inet6_addr_gen_mode'];
  return {
    mac: String(found['address']), mtu: Number(found['mtu']), up: Array.isArray(found['flags']) && found['flags'].includes('UP'), addressMode: typeof mode === 'string' ? mode : null,
    addresses: (Array.isArray(all) ? all as Record<string, unknown>[] : []).map((each) => pictureAddress(each, link)),
    routes: [...routesOf(link, four, 4), ...routesOf(link, six, 6)],
  };
}

function routesOf(link: string, routes: readonly Record<string, unknown>[], family: 4 | 6): Picture['routes'] {
  return routes.flatMap((route) => {
    const several = Array.isArray(route['nexthops']) && (route['nexthops'] as Record<string, unknown>[]).some(({ dev }) => dev === link);
    if (route['dev'] !== link && !several) return [];
    const pictured = several ? `its route to ${String(route['dst'])} goes several ways` : pictureRoute(route, family);
    if (typeof pictured === 'string') throw fail('not-supported', `${link} cannot be put into a bridge by Holdfast: ${pictured}`, { hint: 'make the bridge in the host\'s own network configuration, then name it: --network <bridge>' });
    return pictured === undefined ? [] : [pictured];
  });
}

/** In one process, so that it takes milliseconds. @param each  a line that fails keeps no other from being done  @throws machine-failed */
export async function carryOut(lines: readonly string[], directory: string, each = false): Promise<void> {
  if (lines.length === 0) return;
  const path = join(directory, `batch-${process.pid}`);
  await writeWhole(path, `${lines.join('\n')}\n`);
  try {
    await ipBatch(path, each);
  } finally {
    await rm(path, { force: true });
  }
}

export async function setAlias(link: string, mark: string): Promise<void> {
  await ip('link', 'set', 'dev', link, 'alias', mark);
}

/** Told apart by what they are of one card; accept_dad: the addresses have been tried out. */
const OWN_SETTINGS = ['accept_dad', 'mtu', 'stable_secret'];

/** How the host treats what comes in by a link (router advertisements, redirects, forwarding) goes with its addresses. */
export async function copySettings(from: string, to: string): Promise<void> {
  for (const family of ['ipv4', 'ipv6']) {
    const [source, target] = [`/proc/sys/net/${family}/conf/${from}`, `/proc/sys/net/${family}/conf/${to}`];
    for (const name of await readdir(source).catch(() => [] as string[])) {
      if (OWN_SETTINGS.includes(name)) continue;
      const [wanted, there] = await Promise.all([source, target].map((directory) => readFile(join(directory, name), 'utf8').catch(() => undefined)));
      // Some can be read only.
      if (wanted !== undefined && wanted !== there) await writeFile(join(target, name), wanted).catch(() => undefined);
    }
    if (family === 'ipv6') await writeFile(`${target}/accept_dad`, '0').catch(() => undefined);
  }
}
