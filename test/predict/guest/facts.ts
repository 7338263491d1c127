/** What was seen of a real guest, as the facts that a prediction is made from. */
import type { GuestAddress, GuestFacts, GuestLink, GuestRoute } from '../../../src/core/netplan/facts.ts';
import { networkOf } from '../cases/imagined-guests.ts';
import type { Card, GuestShape, Lan } from '../cases/guest-shape.ts';
import type { Seen, SeenAddress, SeenLink, SeenRoute } from './helper.ts';

/** A card as it was launched: by its MAC, with what it is plugged into. */
export interface Plugged {
  readonly mac: string;
  readonly lan: Lan;
  readonly auto: boolean;
  /** An address on its network for what is tried, where DHCP gives none. */
  readonly spare: string;
}

export function shapeOf({ links }: Seen, plugged: readonly Plugged[]): GuestShape {
  const [first, ...others] = plugged.map(({ mac, lan, auto, spare }): Card => {
    const link = links.find(({ permanentMac }) => permanentMac === mac);
    if (link === undefined) throw new Error(`the guest has no card ${mac}`);
    const global = (family: 4 | 6): string | undefined => link.addresses.find((each) => each.family === family && each.scope === 'global')?.address;
    return { name: link.name, mac, driver: link.driver ?? 'unknown', lan, auto, address4: global(4) ?? spare, address6: global(6) ?? null };
  });
  if (first === undefined) throw new Error('the guest has no card');
  return { cards: [first, ...others] };
}

/** @param versions  as the guest's packages say */
export function seenFacts(seen: Seen, { cards: [first, ...others] }: GuestShape, versions: { readonly netplan: string; readonly systemd: string }): GuestFacts {
  return {
    links: seen.links.map(asLink), routes: seen.routes.filter(({ table }) => table === undefined || table === 'main').flatMap(asRoute),
    netplanVersion: versions.netplan, systemdVersion: versions.systemd, renderers: { networkd: true, networkManager: false },
    control: { mac: first.mac, addresses: [first.address4, ...(first.address6 === null ? [] : [first.address6])], network: networkOf(first) },
    otherNetworks: Object.fromEntries(others.map((each) => [each.mac, networkOf(each)])), hostSubnets: [], foreignNetworkFiles: [],
  };
}

function asLink(link: SeenLink): GuestLink {
  const { name, mac, permanentMac, driver, card, up, carrier, mtu, dns, addresses, lease } = link;
  return { name, mac, permanentMac, driver, kind: name === 'lo' ? 'loopback' : card ? 'ethernet' : 'virtual', up, carrier, mtu, dns, addresses: addresses.map((each) => asAddress(each, lease)) };
}

/** Of a guest that has nothing but what it was launched with: an IPv6 address is the router's, even where its word never ends. */
function asAddress({ address, prefix, family, scope, validForS }: SeenAddress, lease: string | null): GuestAddress {
  const how = scope === 'link' ? 'link-local' : address === lease ? 'dhcp' : scope !== 'global' ? 'unknown' : family === 6 ? 'ra' : 'static';
  return { address, prefix, family, scope, how, validForS };
}

function asRoute({ family, dst, gateway, dev, metric, protocol }: SeenRoute): GuestRoute[] {
  if (dev === undefined) return [];
  const how = protocol === 'dhcp' || protocol === 'ra' || protocol === 'static' ? protocol : 'unknown';
  return [{ family, to: dst, via: gateway ?? null, link: dev, metric: metric ?? (family === 4 ? 0 : 1024), how }];
}
