/** What comes out of `predict`: the merged configuration, and what each link will have by it. */
import type { AddressOrigin, Family, GuestLink } from './facts.ts';
import type { Definition, Place } from './definition.ts';

/** netplan renders nothing at all: what was rendered before stays until the next boot, and then there is nothing. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly place: Place;
}

/** What reading and merging noticed, without a judgement: `compare` makes findings of it. */
export interface Note {
  readonly code: string;
  /** `invalid`: netplan takes it, and yet it cannot be meant (a key that is there twice). */
  readonly verdict: 'safe' | 'caution' | 'unknown' | 'invalid';
  readonly message: string;
  readonly remedy: string | null;
  readonly place: Place;
  readonly definition: string | null;
}

export interface PredictedAddress {
  /** Null: a server or router chooses it, and nothing tells which. */
  readonly address: string | null;
  readonly prefix: number | null;
  readonly family: Family;
  readonly how: AddressOrigin;
  readonly place: Place | null;
}

export interface PredictedRoute {
  readonly family: Family;
  /** `default` or a network with its prefix. */
  readonly to: string;
  readonly via: string | null;
  readonly metric: number;
  readonly table: number;
  readonly type: string;
  readonly how: AddressOrigin;
  /** False when networkd will not be able to set it: its gateway is on no network of the link. */
  readonly reachable: boolean;
  readonly place: Place | null;
}

export interface PredictedLink {
  readonly name: string;
  readonly mac: string | null;
  readonly kind: GuestLink['kind'];
  /** False: the configuration makes it. */
  readonly exists: boolean;
  /** The definition that has it, by id; null when none does: nobody configures it then. */
  readonly definition: string | null;
  /** Others that match it too and are passed over, since their file comes later by name. */
  readonly passedOver: readonly string[];
  /** `unknown`: what happens to it is not modelled, and nothing below may be relied on. */
  readonly managedBy: 'networkd' | 'NetworkManager' | 'nobody' | 'unknown';
  readonly up: boolean;
  readonly memberOf: string | null;
  readonly dhcp4: boolean;
  readonly dhcp6: boolean;
  readonly acceptRa: boolean;
  readonly linkLocal: readonly Family[];
  readonly addresses: readonly PredictedAddress[];
  readonly routes: readonly PredictedRoute[];
  readonly dns: readonly string[];
  readonly mtu: number | null;
  /** Why it is `unknown`, in words. */
  readonly unknown: readonly { readonly reason: string; readonly place: Place | null }[];
  /** Where its definition stands. */
  readonly place: Place | null;
}

export interface Prediction {
  readonly refused: Refusal | null;
  readonly notes: readonly Note[];
  /** The files that count, in the order in which they are read. */
  readonly files: readonly string[];
  /** In the order in which they were first begun. Empty when refused. */
  readonly definitions: readonly Definition[];
  /** Those of the guest in its order, then those that the configuration makes. */
  readonly links: readonly PredictedLink[];
}
