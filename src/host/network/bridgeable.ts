/** The networks of this host that an instance's further cards can be put on, or could be: bridges, and wired cards. */
import { stat } from 'node:fs/promises';
import { hostLinks } from './links.ts';

export interface HostNetworkEntry {
  readonly name: string;
  readonly type: 'bridge' | 'ethernet';
  /** Of a bridge: what is plugged into it, machines' taps aside. */
  readonly members: readonly string[];
  /** Of a wired card: the bridge that it is in already. */
  readonly bridge: string | undefined;
}

/** Of Holdfast's own, in whichever home. */
const HOME_BRIDGE = /^(?:hf-[0-9a-f]{8}(?:-\d)?|hn-[0-9a-f]{8}-\d{1,2})$/;

export async function bridgeable(): Promise<HostNetworkEntry[]> {
  const links = await hostLinks();
  const found = await Promise.all(links.map(async ({ name, kind, ether, master }): Promise<HostNetworkEntry[]> => {
    if (kind === 'bridge') {
      if (HOME_BRIDGE.test(name)) return [];
      return [{ name, type: 'bridge', bridge: undefined, members: links.filter((link) => link.master === name && link.kind !== 'tun').map((link) => link.name).toSorted() }];
    }
    if (kind !== undefined || !ether || !(await isWired(name))) return [];
    return [{ name, type: 'ethernet', members: [], bridge: links.some((link) => link.name === master && link.kind === 'bridge') ? master : undefined }];
  }));
  return found.flat().toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Hardware, and no radio: access points take frames of one MAC only. */
async function isWired(name: string): Promise<boolean> {
  const has = (what: string): Promise<boolean> => stat(`/sys/class/net/${name}/${what}`).then(() => true, () => false);
  return await has('device') && !(await has('wireless')) && !(await has('phy80211'));
}
