/** Addresses on the home's network: one for each card, nobody else's while its instance is recorded. */
import { fail } from '../../core/errors.ts';
import type { ExtraCard, Instance, InstanceSpec } from '../../core/instance.ts';
import { contains, parseNetwork, showIp } from '../../core/netplan/address.ts';
import { freeAddress, hostAddress } from '../../core/network/home-network.ts';
import type { NetworkChoice } from './choose.ts';

/** @throws not-supported when all are taken */
export function bridgeSpec(choice: NetworkChoice, taken: readonly Instance[]): Pick<InstanceSpec, 'network'> {
  return choice.kind === 'user' ? {} : { network: { kind: 'bridge', address: reserveAddress(choice.subnet, taken) } };
}

/**
 * A static address on the home's network is reserved for its card, so that nobody else is ever given it.
 * @param fixed  with prefix  @returns undefined where it is of another network  @throws bad-argument when it is somebody's
 */
export function reserveFixed(subnet: string, fixed: string | undefined, taken: readonly Instance[], own: readonly ExtraCard[]): string | undefined {
  const [network, wanted] = [parseNetwork(subnet), fixed === undefined ? undefined : parseNetwork(fixed)];
  if (network === undefined || wanted === undefined || !contains(network, wanted)) return undefined;
  const address = showIp(wanted);
  if (address === hostAddress({ subnet })) throw fail('bad-argument', `${address} is the host's own address on the network of this home`);
  const owner = taken.find(({ spec }) => [spec.network?.address, ...(spec.cards ?? []).map((card) => card.address)].includes(address))?.name;
  if (owner !== undefined || own.some((card) => card.address === address)) throw fail('bad-argument', `the address ${address} is ${owner === undefined ? 'given twice' : `${owner}'s already`}`, { hint: 'choose another one; see: holdfast list' });
  return address;
}

/** @param own  cards that are not recorded yet */
export function reserveAddress(subnet: string, taken: readonly Instance[], own: readonly ExtraCard[] = []): string {
  const address = freeAddress(subnet, givenAddresses(taken, own));
  if (address === undefined) throw fail('not-supported', `the network of this home, ${subnet}, has no address left`, { hint: 'delete an instance that is not needed: holdfast delete --purge <name>' });
  return address;
}

export function givenAddresses(taken: readonly Instance[], own: readonly ExtraCard[]): ReadonlySet<string> {
  const all = [...taken.flatMap(({ spec }) => [spec.network?.address, ...(spec.cards ?? []).map(({ address }) => address)]), ...own.map(({ address }) => address)];
  return new Set(all.filter((each): each is string => typeof each === 'string'));
}
