/** One definition of a merged netplan configuration (an entry of `ethernets`, `bridges`, …), with defaults filled in. */
import type { Family } from './facts.ts';

/** Where in a file something stands; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export const DEFINITION_TYPES = [
  'ethernets', 'wifis', 'modems', 'bridges', 'bonds', 'vlans', 'vrfs', 'tunnels', 'dummy-devices', 'virtual-ethernets', 'nm-devices',
] as const;
export type DefinitionType = (typeof DEFINITION_TYPES)[number];

/** Types that are found among the links; all others are made. */
export const FOUND: ReadonlySet<DefinitionType> = new Set<DefinitionType>(['ethernets', 'wifis', 'modems', 'nm-devices']);

export type Renderer = 'networkd' | 'NetworkManager' | 'sriov' | 'openvswitch';

/** All that is given must hold. `names` and `drivers` are globs; a `mac` is compared with the permanent one by networkd. */
export interface LinkMatch {
  readonly names: readonly string[];
  readonly mac: string | null;
  readonly drivers: readonly string[];
}

export interface WantedAddress {
  readonly address: string;
  readonly prefix: number;
  readonly family: Family;
  readonly label: string | null;
  /** `lifetime: 0` makes it deprecated at once: there, but not chosen as a source. */
  readonly deprecated: boolean;
  /** Written without settings of its own. */
  readonly plain: boolean;
  readonly place: Place;
}

export interface WantedRoute {
  /** `default` keys of netplan, `gateway4` and `gateway6` write routes too. */
  readonly from: 'routes' | 'gateway4' | 'gateway6';
  readonly family: Family;
  /** `default`, `0.0.0.0/0`, `::/0` or a network: as it is written. */
  readonly to: string;
  readonly isDefault: boolean;
  readonly via: string | null;
  readonly source: string | null;
  readonly onLink: boolean;
  readonly metric: number | null;
  readonly table: number | null;
  readonly type: string;
  readonly scope: string | null;
  readonly mtu: number | null;
  readonly place: Place;
}

export interface WantedPolicy {
  readonly from: string | null;
  readonly to: string | null;
  readonly table: number | null;
  readonly priority: number | null;
  readonly mark: number | null;
  readonly typeOfService: number | null;
  readonly place: Place;
}

/** `dhcp4-overrides`, `dhcp6-overrides`; null where nothing is said. */
export interface DhcpOverrides {
  readonly useDns: boolean | null;
  readonly useDomains: string | null;
  readonly useHostname: boolean | null;
  readonly useMtu: boolean | null;
  readonly useNtp: boolean | null;
  readonly useRoutes: boolean | null;
  readonly sendHostname: boolean | null;
  readonly hostname: string | null;
  readonly routeMetric: number | null;
}

export interface RaOverrides {
  readonly useDns: boolean | null;
  readonly useDomains: string | null;
  readonly table: number | null;
}

export interface Definition {
  readonly id: string;
  readonly type: DefinitionType;
  readonly renderer: Renderer;
  /** Where it was begun first. */
  readonly place: Place;
  /** Null: by its id. Only cards are matched; all else is created with the id as its name. */
  readonly match: LinkMatch | null;
  readonly setName: string | null;
  readonly dhcp4: boolean;
  readonly dhcp6: boolean;
  readonly dhcpIdentifier: 'duid' | 'mac';
  readonly dhcp4Overrides: DhcpOverrides;
  readonly dhcp6Overrides: DhcpOverrides;
  /** Null: the kernel's or networkd's default. */
  readonly acceptRa: boolean | null;
  readonly raOverrides: RaOverrides;
  readonly linkLocal: readonly Family[];
  readonly ipv6Privacy: boolean;
  readonly ipv6AddressGeneration: 'eui64' | 'stable-privacy' | null;
  readonly ipv6AddressToken: string | null;
  readonly addresses: readonly WantedAddress[];
  readonly routes: readonly WantedRoute[];
  readonly routingPolicy: readonly WantedPolicy[];
  readonly nameservers: { readonly addresses: readonly string[]; readonly search: readonly string[] };
  readonly mtu: number | null;
  readonly ipv6Mtu: number | null;
  /** Set on the link: it then answers by another MAC than its card's. */
  readonly macAddress: string | null;
  readonly optional: boolean;
  readonly optionalAddresses: readonly string[];
  readonly critical: boolean;
  readonly ignoreCarrier: boolean;
  /** Null: it is brought up. `off` keeps it down, `manual` leaves it as it is. */
  readonly activationMode: 'manual' | 'off' | null;
  /** The bridge, bond or VRF that has it, by the id of that definition. */
  readonly memberOf: { readonly id: string; readonly as: 'bridge' | 'bond' | 'vrf' } | null;
  /** Members of a bridge, bond or VRF. */
  readonly interfaces: readonly string[];
  readonly vlan: { readonly id: number; readonly link: string } | null;
  readonly vrfTable: number | null;
  readonly tunnel: { readonly mode: string; readonly local: string | null; readonly remote: string | null } | null;
  /** `virtual-ethernets`: the other end. */
  readonly peer: string | null;
  /** Keys by their dotted path that are known to netplan, but whose effect is not modelled here. */
  readonly unmodelled: readonly { readonly key: string; readonly place: Place }[];
  /** Where each key that was given stands, the last file's word: `dhcp4`, `routes`, `match.macaddress`. */
  readonly places: Readonly<Record<string, Place>>;
}
