/**
 * The subnet of each instance on the rootless user network: 10.96.0.0/16 cut into /24s, so that `list` shows
 * addresses that tell instances apart. The guest is given .15 first; .2 is its gateway, .3 its name server
 * (the layout of QEMU's user network).
 */
import type { InstanceSpec } from './instance.ts';

export const SUBNET_COUNT = 256;
/** All of them. */
export const USER_NETWORK = '10.96.0.0/16';

export interface Subnet {
  readonly cidr: string;
  readonly gateway: string;
  readonly dns: string;
  /** The address that the default interface gets by DHCP, and the one the host forwards to. */
  readonly guest: string;
}

/** @param index  0..255 */
export function userSubnet(index: number): Subnet {
  const base = `10.96.${index}`;
  return { cidr: `${base}.0/24`, gateway: `${base}.2`, dns: `${base}.3`, guest: `${base}.15` };
}

export type Offer = Pick<Subnet, 'gateway' | 'dns' | 'guest'>;

/** What the host's network offers the default card, whichever network that is; the bridge's own address is the first of its /24. */
export function offered({ network, subnetIndex }: Pick<InstanceSpec, 'network' | 'subnetIndex'>): Offer {
  if (network === undefined) return userSubnet(subnetIndex);
  const host = network.address.replace(/\.\d+$/, '.1');
  return { guest: network.address, gateway: host, dns: host };
}

/** The address that the default card is given. */
export function defaultAddress(spec: Pick<InstanceSpec, 'network' | 'subnetIndex'>): string {
  return offered(spec).guest;
}

/** The lowest index that nobody has; after 256 instances they are shared again, which the user network allows. */
export function freeSubnetIndex(taken: ReadonlySet<number>): number {
  for (let index = 0; index < SUBNET_COUNT; index += 1) if (!taken.has(index)) return index;
  return taken.size % SUBNET_COUNT;
}
