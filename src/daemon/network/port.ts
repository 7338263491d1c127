/** What the daemon asks of the host's networks; host/network/ has it, with root's rights and without. */
import type { CardNetworks } from '../../drivers/card-networks.ts';
import type { ClosedNetwork } from '../../core/network/own-networks.ts';
import type { Probe } from '../../core/network/probe.ts';
import type { ZoneName } from '../../core/zones.ts';

export interface HostBridge {
  readonly name: string;
  readonly type: 'bridge' | 'ethernet';
  /** Of a bridge: what is plugged into it, machines' taps aside. */
  readonly members: readonly string[];
  /** Of a wired card: the bridge that it is in already. */
  readonly bridge: string | undefined;
}

export interface ProbeLimits {
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

export interface HomeNetworkPort extends CardNetworks {
  /** @returns why instances cannot be on it, and what to do about that; undefined when they can */
  whyNot(): Promise<string | undefined>;
  /** `10.107.31.0/24`, the zone's for good. */
  subnet(zone: ZoneName): Promise<string>;
  /** The subnet of the home's that has this address, and the prefix of its IPv6 addresses (`fd12:3456:789a:bcde::`, a /64) where it has one. */
  layout(address: string): Promise<{ readonly subnet: string; readonly prefix6: string | null } | undefined>;
  /** The name of zone1's while it is up. */
  readonly bridge: string;
  /** What else on this host cards can be put on. */
  bridgeable(): Promise<readonly HostBridge[]>;
  /** Those that somebody had made, besides the home's. */
  ownNetworks(): Promise<readonly ClosedNetwork[]>;
  /** @param subnet  of which the host has the first address  @throws bad-argument, not-supported */
  createNetwork(name: string, subnet: string | undefined): Promise<ClosedNetwork>;
  /** Nothing may have a card on it. @throws not-found */
  deleteNetwork(name: string): Promise<void>;
  /** IPv4 networks that the host itself uses, the home's left out. */
  hostSubnets(): Promise<readonly string[]>;
  /** Whether a card with this MAC is where the host looks for this address; tried until the time is up. */
  reaches(address: string, mac: string, limits: ProbeLimits): Promise<boolean>;
  /** From the host, until it works or the time is up. @returns why it failed */
  probe(probe: Probe, limits: ProbeLimits): Promise<string | undefined>;
  /** Clears away what ended while no daemon was watching. */
  tidy(lives: (id: string) => boolean): Promise<void>;
  /** @returns whether this reason is news in this home */
  tellOnce(reason: string): Promise<boolean>;
}
