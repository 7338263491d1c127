/** The network configuration of a seed: the default interface by DHCP, further ones by DHCP or with the address they were launched with. */
import { fixedDefinition, leasedDefinition, type FixedAddress } from '../network/fixed-address.ts';

export interface SeedCard {
  readonly mac: string;
  readonly slot: number;
  readonly fixed?: FixedAddress | undefined;
}

/** Matched by MAC, never renamed: renaming fails on new Ubuntu (cloud-init #6887). */
export function networkConfig(mac: string, extras: readonly SeedCard[]): object {
  const further = extras.map(({ mac: address, slot, fixed }, index) => [`extra${index}`, fixed === undefined ? leasedDefinition(address) : fixedDefinition(address, slot, fixed)]);
  return { version: 2, ethernets: { default: { match: { macaddress: mac }, dhcp4: true, 'dhcp-identifier': 'mac' }, ...Object.fromEntries(further) } };
}
