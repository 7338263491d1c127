/** The guest that a case is made for: its cards, what they are plugged into, and the files that it was launched with. */
import type { NetplanFile } from '../../../src/core/netplan/facts.ts';

/** A network of the host's that cards are plugged into. */
export interface Lan {
  /** A /24. */
  readonly subnet4: string;
  /** `fd12:3456:789a:bcde::`, a /64; null where there are no router advertisements. */
  readonly prefix6: string | null;
  /** The host, which is the gateway too. */
  readonly host4: string;
  readonly dhcp4: boolean;
}

export interface Card {
  readonly name: string;
  readonly mac: string;
  readonly driver: string;
  readonly lan: Lan;
  /** What DHCP gives it; on a network without, an address that nobody has. */
  readonly address4: string;
  /** What it makes of the router's prefix. */
  readonly address6: string | null;
  /** It was launched to come up by DHCP. */
  readonly auto: boolean;
}

/** The first card is the default one. */
export interface GuestShape {
  readonly cards: readonly [Card, ...Card[]];
}

/** As cloud-init writes it for a default card, and Holdfast for each further one that is to come up by itself. */
export function filesAtLaunch({ cards: [first, ...others] }: GuestShape): NetplanFile[] {
  const cloudInit = { path: '/etc/netplan/50-cloud-init.yaml', text: `# This file is generated from information provided by the datasource.
network:
    ethernets:
        default:
            dhcp-identifier: mac
            dhcp4: true
            match:
                macaddress: ${first.mac}
    version: 2
` };
  return [cloudInit, ...others.filter(({ auto }) => auto).map(({ mac }) => {
    const key = mac.replaceAll(':', '');
    return { path: `/etc/netplan/60-holdfast-${key}.yaml`, text: `network:
  version: 2
  ethernets:
    holdfast-${key}:
      match: {macaddress: "${mac}"}
      dhcp4: true
      dhcp-identifier: mac
      dhcp4-overrides: {route-metric: 200}
      optional: true
` };
  })];
}

/** An address of the network by the number of its host. */
export function hostIn({ subnet4 }: Lan, host: number): string {
  return subnet4.replace(/\.0\/24$/, `.${host}`);
}
