/**
 * What an instance is, and the states it can be in. State names are Multipass's; `Crashed` is Holdfast's own:
 * the machine ended, or its kernel panicked, without anybody having asked for it. Only `Stopped` is a state
 * from which a command may start an instance by itself.
 */
export const STATES = [
  'Running', 'Stopped', 'Starting', 'Restarting', 'Deleted', 'Suspended', 'Suspending', 'Delayed Shutdown', 'Unknown', 'Crashed',
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
  /** Third and second octet choose the instance's own subnet; see core/subnets.ts. */
  readonly subnetIndex: number;
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
