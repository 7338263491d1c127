/** The networks of this host that an instance's further cards can be put on, or could be: bridges, and wired cards. */
import { stat } from 'node:fs/promises';
import { keyOfBridge } from '../../core/network/home-network.ts';
import { isClosedBridge } from '../../core/network/own-networks.ts';
import { hostLinks } from './links.ts';

export interface HostNetworkEntry {
  readonly name: string;
  /** radio: it cannot be in a bridge. */
  readonly type: 'bridge' | 'ethernet' | 'radio';
  /** Of a bridge: what is plugged into it, machines' taps aside. */
  readonly members: readonly string[];
  /** Of a wired card: the bridge that it is in already. */
  readonly bridge: string | undefined;
}

/** @param kindOf  what a link is that has an Ethernet's addresses and is no bridge; undefined: nothing of the kind */
export async function bridgeable(kindOf: KindOf = hardware): Promise<HostNetworkEntry[]> {
  const links = await hostLinks();
  const found = await Promise.all(links.map(async ({ name, kind, ether, master }): Promise<HostNetworkEntry[]> => {
    if (kind === 'bridge') {
      if (keyOfBridge(name) !== undefined || isClosedBridge(name)) return [];
      return [{ name, type: 'bridge', bridge: undefined, members: links.filter((link) => link.master === name && link.kind !== 'tun').map((link) => link.name).toSorted() }];
    }
    const type = ether ? await kindOf(name, kind) : undefined;
    if (type === undefined) return [];
    return [{ name, type, members: [], bridge: links.some((link) => link.name === master && link.kind === 'bridge') ? master : undefined }];
  }));
  return found.flat().toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

export type KindOf = (name: string, kind: string | undefined) => Promise<'ethernet' | 'radio' | undefined>;

/** Access points take frames of one MAC only. */
async function hardware(name: string, kind: string | undefined): Promise<'ethernet' | 'radio' | undefined> {
  const has = (what: string): Promise<boolean> => stat(`/sys/class/net/${name}/${what}`).then(() => true, () => false);
  if (kind !== undefined || !(await has('device'))) return undefined;
  return await has('wireless') || await has('phy80211') ? 'radio' : 'ethernet';
}
