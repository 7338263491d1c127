/** What is put in: the guest's netplan files, and what the guest was seen to have. */

/** A file of netplan's: below /etc/netplan, /run/netplan or /lib/netplan, its name ending in `.yaml`. */
export interface NetplanFile {
  readonly path: string;
  readonly text: string;
}

export type Family = 4 | 6;

/** `ethernet` is a card; `virtual` is what a configuration made (bridge, bond, VLAN, tunnel, dummy, …). */
export type LinkKind = 'ethernet' | 'loopback' | 'wifi' | 'virtual' | 'other';

/** Where an address comes from, as networkd says: `link-local` is one that the guest gave itself. */
export type AddressOrigin = 'dhcp' | 'ra' | 'static' | 'link-local' | 'unknown';

export interface GuestAddress {
  readonly address: string;
  readonly prefix: number;
  readonly family: Family;
  readonly scope: 'global' | 'link' | 'host' | 'site';
  readonly how: AddressOrigin;
  /** Seconds until a lease or a router's word ends; null when it lasts for ever or is not known. */
  readonly validForS: number | null;
}

export interface GuestLink {
  readonly name: string;
  /** Lower case, with colons; null for a link without (a tunnel). */
  readonly mac: string | null;
  readonly permanentMac: string | null;
  /** As `ethtool -i` says: `virtio_net`, `bridge`; null when it is not known. */
  readonly driver: string | null;
  readonly kind: LinkKind;
  readonly up: boolean;
  readonly carrier: boolean;
  readonly mtu: number | null;
  readonly addresses: readonly GuestAddress[];
  /** Name servers that networkd has for this link. */
  readonly dns: readonly string[];
}

/** Of the main table, both families. */
export interface GuestRoute {
  readonly family: Family;
  /** `default`, or a network with its prefix. */
  readonly to: string;
  readonly via: string | null;
  readonly link: string;
  /** The kernel's: 0 when it says none (IPv4), 1024 by networkd's own choice. */
  readonly metric: number;
  readonly how: AddressOrigin;
}

/** A network of the host's, as one card of the guest is plugged into it. */
export interface CardNetwork {
  /** `user` is QEMU's: the host cannot reach addresses in it, but forwards to one. */
  readonly kind: 'user' | 'bridge';
  /** With prefix, both families: `192.168.68.0/24`. */
  readonly subnets: readonly string[];
  /** Routers there, both families. */
  readonly gateways: readonly string[];
  readonly dns: readonly string[];
  /** The host's own addresses there. */
  readonly hostAddresses: readonly string[];
  /** Who has which address there, this instance left out. */
  readonly taken: readonly { readonly address: string; readonly by: string }[];
  readonly dhcp4: boolean;
  readonly dhcp6: boolean;
  readonly ra: boolean;
  /** Addresses that are kept for this card by DHCP there. */
  readonly gives: readonly string[];
}

/** The card by which the host reaches the instance, and where. */
export interface Control {
  readonly mac: string;
  /** The addresses by which the host reaches it; the first of a family is what `list` shows. */
  readonly addresses: readonly string[];
  readonly network: CardNetwork | null;
}

export interface GuestFacts {
  readonly links: readonly GuestLink[];
  readonly routes: readonly GuestRoute[];
  /** `0.106.1`, `1.1.2`; null when it is not known: then what versions disagree about is `unknown`. */
  readonly netplanVersion: string | null;
  readonly systemdVersion: string | null;
  readonly renderers: { readonly networkd: boolean; readonly networkManager: boolean };
  readonly control: Control;
  /** By MAC: what the other cards are plugged into, where that is known. */
  readonly otherNetworks: Readonly<Record<string, CardNetwork>>;
  /** Further subnets that the host itself uses, with prefix: a guest that takes one of them cuts itself off from it. */
  readonly hostSubnets: readonly string[];
  /** networkd's files that are not netplan's and come before them by name (`05-mine.network`): what they match is not known. */
  readonly foreignNetworkFiles: readonly string[];
}
