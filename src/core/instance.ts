/**
 * What an instance is, and the states it can be in. State names are Multipass's; `Crashed` is Holdfast's own:
 * the machine ended, or its kernel panicked, without anybody having asked for it. A command that needs a running
 * instance starts one that is `Stopped` or `Suspended`, and no other.
 */
import type { Mount } from './mounts/mount.ts';
import type { FixedAddress } from './network/fixed-address.ts';

export const STATES = [
  'Running', 'Stopped', 'Starting', 'Restarting', 'Deleted', 'Suspended', 'Suspending', 'Delayed Shutdown', 'Unavailable', 'Unknown', 'Crashed',
] as const;
export type State = (typeof STATES)[number];

export type Architecture = 'x86_64' | 'aarch64';

/** What was asked for when it was launched, and later by `set`. Written to the store; never derived from a running machine. */
export interface InstanceSpec {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Digest of the image in the image store (sha256, hex). */
  readonly imageDigest: string;
  readonly imageFormat: 'qcow2' | 'raw';
  /** MAC of the default interface, lower case with colons. */
  readonly mac: string;
  /** Third octet of the instance's own subnet on the user network, 10.96.<index>.0/24; see core/subnets.ts. */
  readonly subnetIndex: number;
  /** Started when the host was started; absent: no. */
  readonly autostart?: boolean;
  /** It runs, and is to be stopped then: ISO 8601, UTC. */
  readonly stopAt?: string;
  /** It was given a card on what local.bridged-network said; never taken back. */
  readonly bridged?: true;
  /** What the default card is plugged into, decided at launch and never changed; the user network where it is left out. */
  readonly network?: BridgeNetwork;
  /** Its disk began as another's: its first boot makes it a machine of its own. */
  readonly cloned?: true;
  /** Directories of the host that it has, attached whenever it runs; left out while there is none. */
  readonly mounts?: readonly Mount[];
  /** Further cards, by slot; left out while it never had any. */
  readonly cards?: readonly ExtraCard[];
}

/** The home's own network: see core/network/home-network.ts. */
export interface BridgeNetwork {
  readonly kind: 'bridge';
  /** IPv4, reserved for the default card. */
  readonly address: string;
}

export interface ExtraCard {
  /** 1..7: the root port that it sits behind; the default card has 0. */
  readonly slot: number;
  readonly mac: string;
  /** By name: a bridge of the host's, or a network that `network create` made; null is the home's own network. */
  readonly network: string | null;
  /** manual: the guest is told nothing of it. */
  readonly mode: 'auto' | 'manual';
  /** IPv4, reserved for it; only on the home's own network. */
  readonly address: string | null;
  /** Its static address, where it was launched with one; DHCP otherwise. */
  readonly fixed?: FixedAddress;
  /** The seed that the guest first booted with configures it; otherwise a file of Holdfast's own in the guest does. */
  readonly seeded: boolean;
}

/** What the store keeps of an instance besides its specification. */
export interface Instance {
  /** Eight hex digits, never reused within a home; names files and sockets, so that a rename stays cheap. */
  readonly id: string;
  readonly name: string;
  readonly architecture: Architecture;
  /** The machine that runs it. */
  readonly node: string;
  /** uid of the person it belongs to. */
  readonly owner: number;
  readonly spec: InstanceSpec;
  readonly image: ImageLabel;
  readonly zone: string;
  readonly createdAt: string;
}

/** How the image is shown: as it was named and what it says of itself. */
export interface ImageLabel {
  readonly name: string;
  readonly os: string;
  readonly release: string;
}

/** `lost`: no rung answers. `none`: there is nothing to hold, it is not running. */
export type HoldLevel = 'held' | 'by-address' | 'lost' | 'none';

export type Rung = 'lane' | 'address' | 'console';

export interface Hold {
  readonly level: HoldLevel;
  readonly reason: string | null;
}

/** `changed`: not what was configured. `unknown`: no report yet. */
export type NetworkHealth = 'ok' | 'changed' | 'unreachable' | 'unknown';

export interface Network {
  readonly health: NetworkHealth;
  readonly reason: string | null;
}
