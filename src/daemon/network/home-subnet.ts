/** Which of the home's subnets an instance's cards are in: its zone's, or where its default card is already. */
import { FIRST_ZONE } from '../../core/network/home-network.ts';
import { zoneNamed } from '../../core/zones.ts';
import type { HomeNetworkPort } from './port.ts';

export interface Place {
  readonly zone: string;
  /** That its default card has on a network of the home's: one of before zones had their own is in zone1's, whatever its zone. */
  readonly address?: string | undefined;
}

/** @returns null where the daemon has no networks  @throws machine-failed when there is no subnet left for the zone */
export async function homeSubnet(network: HomeNetworkPort | undefined, { zone, address }: Place): Promise<string | null> {
  const own = address === undefined ? undefined : await network?.layout(address);
  // In a zone that only another Holdfast knows, an instance is where it was before there were any.
  return own?.subnet ?? await network?.subnet(zoneNamed(zone) ?? FIRST_ZONE) ?? null;
}
