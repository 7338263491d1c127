/** Which subnets a home can have on this host, and whether it can still have the one that it has. */
import { fail } from '../../core/errors.ts';
import { chooseSubnet, type ZoneNetwork } from '../../core/network/home-network.ts';
import { overlap, parseIpv4Network } from '../../core/network/ipv4.ts';
import { hostLinks, usedNetworks } from './links.ts';

/** @param own  bridges of the home  @param given  what its other zones have  @throws machine-failed when there is none left */
export async function freeSubnet(key: string, own: readonly string[], given: readonly string[]): Promise<string> {
  const subnet = chooseSubnet(key, [...await usedNetworks(own), ...given]);
  if (subnet === undefined) {
    throw fail('machine-failed', 'this host uses every private network that instances could have', {
      hint: 'free one (see: ip route), or launch on QEMU\'s user network: holdfast set local.network=user',
    });
  }
  return subnet;
}

/**
 * Recorded addresses stand: where the host has come to use the subnet itself, that is told instead of giving others.
 * @throws machine-failed
 */
export async function requireFreeSubnet({ bridge, subnet }: Pick<ZoneNetwork, 'bridge' | 'subnet'>): Promise<void> {
  if ((await hostLinks()).some(({ name }) => name === bridge)) return;
  const own = parseIpv4Network(subnet);
  const clash = (await usedNetworks([bridge])).find((text) => {
    const other = parseIpv4Network(text);
    // A wider route (a VPN's 10.0.0.0/8) loses against the bridge's own; the same or a narrower one does not.
    return own !== undefined && other !== undefined && other.prefix >= own.prefix && overlap(own, other);
  });
  if (clash === undefined) return;
  throw fail('machine-failed', `the network of this home, ${subnet}, is used by the host for something else (${clash})`, {
    hint: 'see: ip route; take that away, or launch on QEMU\'s user network: holdfast set local.network=user',
  });
}
