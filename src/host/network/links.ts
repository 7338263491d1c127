/** The host's links and the networks that it uses, as the kernel tells them. */
import { ipJson } from './tools.ts';

export interface HostLink {
  readonly name: string;
  /** bridge, tun, veth, …; undefined for hardware. */
  readonly kind: string | undefined;
  readonly ether: boolean;
  /** The bridge it belongs to. */
  readonly master: string | undefined;
  readonly up: boolean;
  /** Something that runs is at its other end; of a bridge, at that of a link in it. */
  readonly carrier: boolean;
  readonly mac: string | undefined;
  /** What somebody wrote to it. */
  readonly alias: string | undefined;
  /** `10.1.2.3/24` and `fd00::1/64`, as the kernel writes them. */
  readonly addresses: readonly string[];
}

export async function hostLinks(): Promise<HostLink[]> {
  return (await ipJson('-details', 'address', 'show')).flatMap((link) => {
    const name = text(link['ifname']);
    const info = link['linkinfo'];
    const flags = link['flags'];
    const has = (flag: string): boolean => Array.isArray(flags) && flags.includes(flag);
    return name === undefined ? [] : [{
      name, kind: typeof info === 'object' && info !== null && 'info_kind' in info ? text(info.info_kind) : undefined, ether: link['link_type'] === 'ether',
      master: text(link['master']), up: has('UP'), carrier: has('LOWER_UP'), mac: text(link['address']), alias: text(link['ifalias']), addresses: addressesIn(link),
    }];
  });
}

/** `10.0.0.0/8` of every address and route that is not on one of these links. */
export async function usedNetworks(except: readonly string[]): Promise<string[]> {
  const [addresses, routes] = await Promise.all([ipJson('-4', 'address', 'show'), ipJson('-4', 'route', 'show', 'table', 'all')]);
  return [
    ...addresses.filter(({ ifname }) => !except.includes(String(ifname))).flatMap(addressesIn),
    ...routes.filter(({ dev }) => !except.includes(String(dev))).map(({ dst }) => String(dst)),
  ];
}

export async function hasDefaultRoute6(): Promise<boolean> {
  return (await ipJson('-6', 'route', 'show', 'default')).length > 0;
}

function addressesIn({ addr_info: all }: Record<string, unknown>): string[] {
  return Array.isArray(all) ? (all as Record<string, unknown>[]).map(({ local, prefixlen }) => `${String(local)}/${String(prefixlen)}`) : [];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
