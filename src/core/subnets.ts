/**
 * The subnet of each instance on the rootless user network: 10.96.0.0/16 cut into /24s, so that `list` shows
 * addresses that tell instances apart. The guest is given .15 first; .2 is its gateway, .3 its name server
 * (the layout of QEMU's user network).
 */
export const SUBNET_COUNT = 256;

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

/** The lowest index that nobody has; after 256 instances they are shared again, which the user network allows. */
export function freeSubnetIndex(taken: ReadonlySet<number>): number {
  for (let index = 0; index < SUBNET_COUNT; index += 1) if (!taken.has(index)) return index;
  return taken.size % SUBNET_COUNT;
}
