/** The files of systemd-networkd's (systemd.netdev, systemd.network) that put an ethernet into a bridge which is configured as the ethernet was. */
import type { Pair } from './moves.ts';

export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** Before whatever the host has for the ethernet. */
export function networkdNames({ bridge }: Pair): readonly [netdev: string, network: string, port: string] {
  return [`00-holdfast-${bridge}.netdev`, `00-holdfast-${bridge}.network`, `00-holdfast-${bridge}-port.network`];
}

/** What concerns the card itself, or which it is. */
const NOT_CARRIED = ['match', 'link'];

/**
 * @param sources  the ethernet's .network file, and its drop-ins in their order
 * @param clientId  of its lease, hexadecimal, as networkd keeps it: by another one it would get another address
 */
export function networkdFiles(pair: Pair, mac: string, sources: readonly string[], clientId: string | undefined): NamedText[] {
  const [netdev, network, port] = networkdNames(pair);
  const iaid = clientId?.startsWith('ff') && clientId.length >= 10 ? Number.parseInt(clientId.slice(2, 10), 16) : undefined;
  return [
    { name: netdev, text: `[NetDev]\nName=${pair.bridge}\nKind=bridge\nMACAddress=${mac}\n\n[Bridge]\nSTP=no\nForwardDelaySec=0\n` },
    { name: network, text: `[Match]\nName=${pair.bridge}\n\n${sources.map(carried).join('\n')}\n${iaid === undefined ? '' : `\n[DHCPv4]\nIAID=${iaid}\n\n[DHCPv6]\nIAID=${iaid}\n`}` },
    { name: port, text: `[Match]\nName=${pair.ethernet}\n\n[Network]\nBridge=${pair.bridge}\nLinkLocalAddressing=no\n` },
  ];
}

/** Links that stand on the ethernet, or that it stands in. */
const STACKED = /^\s*(VLAN|MACVLAN|MACVTAP|IPVLAN|IPVTAP|VXLAN|Tunnel|Bond|Bridge|VRF|BatmanAdvanced|Xfrm)\s*=/m;

/** @returns the word that keeps it from being carried over */
export function stacked(sources: readonly string[]): string | undefined {
  return STACKED.exec(sources.join('\n'))?.[1];
}

function carried(source: string): string {
  let section = '';
  return source.split('\n').filter((line) => {
    section = /^\s*\[([^\]]*)\]/.exec(line)?.[1]?.toLowerCase() ?? section;
    return !NOT_CARRIED.includes(section);
  }).join('\n').trim();
}
