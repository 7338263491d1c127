/** Decides, once and for all, which network a new instance is on: its zone's bridge where there can be one, else QEMU's user network. */
import { fail } from '../../core/errors.ts';
import type { House } from '../instances/house.ts';
import { homeSubnet } from './home-subnet.ts';

/** Of `local.network`. */
export const NETWORK_WISHES = ['auto', 'bridge', 'user'] as const;

export type NetworkChoice = { readonly kind: 'user' } | { readonly kind: 'bridge'; readonly subnet: string };

/** @param zone  that it is launched in  @param tell  a line for whoever launches  @throws not-supported when the bridge is asked for and there can be none */
export async function chooseNetwork({ network, settings }: House, zone: string, tell: (notice: string) => void): Promise<NetworkChoice> {
  const wish = settings.get('local.network') ?? 'auto';
  if (wish === 'user') return { kind: 'user' };
  const why = network === undefined ? 'this driver has none' : await network.whyNot();
  const subnet = why === undefined ? await homeSubnet(network, { zone }) : null;
  if (subnet !== null) return { kind: 'bridge', subnet };
  if (wish === 'bridge') {
    throw fail('not-supported', `instances cannot have a bridge here: ${why ?? ''}`, { hint: 'or let each have QEMU\'s user network: holdfast set local.network=auto' });
  }
  // Whoever is not root does not expect it.
  if (network !== undefined && why !== undefined && process.getuid?.() === 0 && await network.tellOnce(why)) {
    tell(`Instances are on QEMU's user network, where the host does not reach their addresses: ${why}`);
  }
  return { kind: 'user' };
}
