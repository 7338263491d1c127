/** What the daemon asks of the host's networks; host/network/ has it, with root's rights and without. */
import type { CardNetworks } from '../../drivers/card-networks.ts';
import type { DroppingChain } from '../../core/network/dropping-chains.ts';
import type { ClosedNetwork } from '../../core/network/own-networks.ts';
import type { Probe } from '../../core/network/probe.ts';
import type { ZoneName } from '../../core/zones.ts';
import type { HostNetworkEntry } from '../../host/network/bridgeable.ts';
import type { ProbeLimits } from '../../host/network/probe.ts';
import type { NetworkTrouble } from '../../host/network/trouble.ts';

/** Bridges that Holdfast makes of the host's ethernets; what changes the host is a transaction. */
export interface EthernetBridges {
  /** @throws not-supported with the reason why it had better not be put into one */
  plan(ethernet: string): Promise<{ readonly bridge: string; readonly agreed: boolean }>;
  /** It may be made from now on. @returns its name */
  agree(ethernet: string): Promise<string>;
  /** Those that were agreed to; each is there, or is made again when a machine needs it. */
  names(): Promise<readonly string[]>;
  /** Does nothing for another bridge. @throws not-supported, rolled-back, machine-failed */
  ensure(bridge: string): Promise<void>;
  /** Each that is not used: its ethernet gets back what it had. @returns those that are gone */
  release(isUsed: (bridge: string) => boolean): Promise<readonly string[]>;
}

export interface HomeNetworkPort extends CardNetworks {
  /** @returns why instances cannot be on it, and what to do about that; undefined when they can */
  whyNot(): Promise<string | undefined>;
  /**
   * What is wrong now with the home's network where there are cards on it: `whyNot` goes by whether it has worked.
   * @param addresses  of cards that alone it is asked for  @returns undefined where nothing is  @throws tool-missing, machine-failed
   */
  trouble(addresses?: readonly string[]): Promise<NetworkTrouble | undefined>;
  /** Who else on this host drops packets of guests on the home's network, as far as that can be told. */
  droppedBy(): Promise<readonly DroppingChain[]>;
  /** `10.107.31.0/24`, the zone's for good. */
  subnet(zone: ZoneName): Promise<string>;
  /** The subnet of the home's that has this address, and the prefix of its IPv6 addresses (`fd12:3456:789a:bcde::`, a /64) where it has one. */
  layout(address: string): Promise<{ readonly subnet: string; readonly prefix6: string | null } | undefined>;
  /** The name of zone1's, whether it is up or not; empty where the home has no bridges. */
  readonly bridge: string;
  /** What else on this host cards can be put on. */
  bridgeable(): Promise<readonly HostNetworkEntry[]>;
  /** None where the daemon may not change the host. */
  readonly ethernets: EthernetBridges | undefined;
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
