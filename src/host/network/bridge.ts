/** The bridges of a home and the taps on them: made, repaired where something is missing, and removed. */
import { parseNetwork, showNetwork } from '../../core/netplan/address.ts';
import { eui64Address, hostAddress, LINK_LOCAL, tapOwner, type HomeNames, type ZoneNetwork } from '../../core/network/home-network.ts';
import { guardLink } from './forwarding.ts';
import { hostLinks } from './links.ts';
import { ip } from './tools.ts';

/** Again and again: only what is missing is made. */
export async function ensureBridge(network: ZoneNetwork): Promise<void> {
  const { bridge, bridgeMac } = network;
  const link = (await hostLinks()).find(({ name }) => name === bridge);
  if (link === undefined) await ip('link', 'add', 'name', bridge, 'address', bridgeMac, 'type', 'bridge');
  if (!link?.up) {
    await guardLink(bridge);
    await ip('link', 'set', 'dev', bridge, 'up');
  }
  // What was set down has lost those of IPv6.
  const there = link?.up ? link.addresses : [];
  for (const address of bridgeAddresses(network).filter((each) => !there.includes(each))) {
    // Without a card on it the bridge has no carrier, and a tentative address cannot be bound to.
    await ip('address', 'replace', address, 'dev', bridge, ...(address.includes(':') ? ['nodad'] : []));
  }
}

/** With prefixes, as the kernel writes them. The link-local one it would give itself too, when the first card is on it: it is the router and the name server that guests are told of. */
export function bridgeAddresses(network: ZoneNetwork): readonly string[] {
  const six = network.prefix6 === null ? [] : [`${network.prefix6}1/64`, `${eui64Address(LINK_LOCAL, network.bridgeMac)}/64`];
  return [`${hostAddress(network)}/24`, ...six].map((text) => {
    const parsed = parseNetwork(text);
    return parsed === undefined ? text : showNetwork(parsed);
  });
}

/** @param uid  who may open it  @param master  the bridge that it is put on */
export async function ensureTap(name: string, uid: number, master: string): Promise<void> {
  const link = (await hostLinks()).find((each) => each.name === name);
  if (link === undefined) await ip('tuntap', 'add', 'dev', name, 'mode', 'tap', 'user', String(uid));
  // A port of a bridge has no address of its own.
  if (link === undefined || link.master !== master || !link.up) await ip('link', 'set', 'dev', name, 'master', master, 'addrgenmode', 'none', 'up');
}

/** Taps of this home, each with the instance it belongs to; of another home whose names begin alike, those are on another bridge. @param bridges  all of the home */
export async function homeTaps(names: HomeNames, bridges: readonly string[]): Promise<{ name: string; id: string }[]> {
  return (await hostLinks()).flatMap(({ name, kind, master }) => {
    const id = kind === 'tun' ? tapOwner(names, name) : undefined;
    const strange = name.startsWith(names.tapPrefix) && master !== undefined && !bridges.includes(master);
    return id === undefined || strange ? [] : [{ name, id }];
  });
}

export async function removeLink(name: string): Promise<void> {
  if ((await hostLinks()).some((link) => link.name === name)) await ip('link', 'delete', 'dev', name);
}
