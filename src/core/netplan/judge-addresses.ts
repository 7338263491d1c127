/** Static addresses that cannot be meant: somebody else's, or none that a machine can have. */
import { contains, ends, overlap, parseIp, parseNetwork, sameIp, showNetwork, masked, isLinkLocal, type IpNetwork } from './address.ts';
import type { Change } from './compare.ts';
import type { WantedAddress } from './definition.ts';
import type { CardNetwork } from './facts.ts';
import { networkOf } from './given-addresses.ts';
import { placed, type Finding, type Verdict } from './plan.ts';
import type { PredictedLink } from './prediction.ts';

export function addressFindings(change: Change): Finding[] {
  const { after, facts } = change;
  return after.links.flatMap((link) => {
    const definition = after.definitions.find(({ id }) => id === link.definition);
    if (!definition || (link.managedBy !== 'networkd' && link.managedBy !== 'unknown')) return [];
    const network = networkFor(change, link);
    return definition.addresses.flatMap((wanted) => {
      const own = parseNetwork(`${wanted.address}/${wanted.prefix}`);
      if (!own) return [];
      const make = maker(link, wanted);
      return [...notAHost(own, wanted, make), ...(network ? taken(network, wanted, make) : []), ...usedByHost(own, change, link, network, make), ...(network ? foreign(own, network, make) : [])];
    });
  }).concat(twice(change), unreserved(change, facts.control.network));
}

type Make = (code: string, verdict: Verdict, reason: string, remedy: string | null) => Finding;

function maker(link: PredictedLink, { place, family }: WantedAddress): Make {
  return (code, verdict, reason, remedy) => ({ code, verdict, ...placed(place), family, interface: link.name, reason, remedy });
}

/** A bridge's or bond's network is that of its ports. */
function networkFor({ after, facts, carriers }: Change, link: PredictedLink): CardNetwork | null {
  if (carriers.after.names.has(link.name)) return facts.control.network;
  const own = facts.links.find(({ name }) => name === link.name);
  const port = after.links.find((each) => each.memberOf === link.name && each.exists);
  return networkOf(own?.permanentMac ?? own?.mac ?? port?.mac ?? null, facts);
}

function notAHost(own: IpNetwork, { address }: WantedAddress, make: Make): Finding[] {
  const limits = ends(own);
  const found: Finding[] = [];
  if (limits?.network === own.value) found.push(make('network-address', 'invalid', `${address} is the address of the network ${showNetwork(masked(own))} itself`, 'take another one of it'));
  if (limits?.broadcast === own.value) found.push(make('broadcast-address', 'invalid', `${address} is the broadcast address of ${showNetwork(masked(own))}`, 'take another one of it'));
  const first = own.family === 4 ? Number(own.value >> 24n) : 0;
  const multicast = own.family === 4 ? first >= 224 : own.value >> 120n === 0xffn;
  const nowhere = own.family === 4 ? first === 0 : own.value <= 1n;
  if (multicast || nowhere) found.push(make('no-host-address', 'invalid', `${address} is no address that an interface can have`, null));
  return found;
}

function taken({ gateways, hostAddresses, taken: others }: CardNetwork, { address }: WantedAddress, make: Make): Finding[] {
  const other = others.find((each) => sameIp(each.address, address));
  if (other) return [make('address-taken', 'invalid', `${address} is the address of ${other.by}`, 'take one that nobody has')];
  if (gateways.some((each) => sameIp(each, address))) return [make('gateway-address', 'invalid', `${address} is the gateway of that network`, 'take one that nobody has')];
  if (hostAddresses.some((each) => sameIp(each, address))) return [make('host-address', 'invalid', `${address} is the host's own address there`, 'take one that nobody has')];
  return [];
}

/** A subnet that the host uses elsewhere: what is meant for the host goes there instead. */
function usedByHost(own: IpNetwork, { facts }: Change, { name }: PredictedLink, network: CardNetwork | null, make: Make): Finding[] {
  const here = network?.subnets ?? [];
  const used = facts.hostSubnets.find((subnet) => {
    const parsed = parseNetwork(subnet);
    return parsed !== undefined && overlap(parsed, own) && !here.some((each) => {
      const local = parseNetwork(each);
      return local !== undefined && overlap(local, own);
    });
  });
  return used === undefined ? [] : [make('subnet-used-by-host', 'invalid', `the host itself uses ${used}, and ${name} would take ${showNetwork(masked(own))} for a network of its own`, 'take a subnet that the host has not')];
}

/** An address that fits no subnet of its network: there, and of no use. */
function foreign(own: IpNetwork, { subnets }: CardNetwork, make: Make): Finding[] {
  const alike = subnets.map((subnet) => parseNetwork(subnet)).filter((subnet) => subnet?.family === own.family);
  if (alike.length === 0 || isLinkLocal(own) || alike.some((subnet) => subnet !== undefined && contains(subnet, own))) return [];
  return [make('address-off-network', 'caution', `${showNetwork(own)} is in no subnet of the network that the card is plugged into (${subnets.join(', ')}): nobody there finds it`, null)];
}

function twice({ after }: Change): Finding[] {
  const seen = new Map<string, string>();
  return after.links.flatMap((link) => link.addresses.flatMap(({ address, how, family, place }): Finding[] => {
    const ip = address === null ? undefined : parseIp(address);
    if (!ip || how !== 'static') return [];
    const key = `${family} ${ip.value}`;
    const first = seen.get(key);
    seen.set(key, first ?? link.name);
    if (first === undefined || first === link.name) return [];
    return [{ code: 'address-twice', verdict: 'caution', ...placed(place), family, interface: link.name, reason: `${address ?? ''} is on ${first} as well`, remedy: 'give each interface its own' }];
  }));
}

/** The present address written down, while the server may give it to somebody else one day. */
function unreserved({ carriers, facts: { control }, now }: Change, network: CardNetwork | null): Finding[] {
  return carriers.after.links.flatMap((link) => link.addresses.flatMap(({ address, how, family, place }): Finding[] => {
    if (address === null || how !== 'static' || !control.addresses.some((each) => sameIp(each, address))) return [];
    const leased = now?.addresses.some((each) => each.how === 'dhcp' && sameIp(each.address, address)) ?? false;
    if (!leased || network === null || network.gives.some((each) => sameIp(each, address))) return [];
    return [{
      code: 'not-reserved', verdict: 'caution', ...placed(place), family, interface: link.name,
      reason: `${address} came by DHCP and is kept for nobody: the server may give it to another machine`, remedy: 'holdfast net pin reserves it',
    }];
  }));
}
