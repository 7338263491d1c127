/** A static address for a further card: checked, and as the definition of netplan's that gives it to the card. */
import { fail } from '../errors.ts';
import { contains, ends, parseIp, parseNetwork, showIp, type IpNetwork } from '../netplan/address.ts';

export interface FixedAddress {
  /** With its prefix. */
  readonly address: string;
  readonly gateway: string | null;
  readonly dns: readonly string[];
}

/** Of the routes by which what came in over a card is answered over it: one for each slot. */
const FIRST_TABLE = 1700;

/** @throws bad-argument */
export function requireFixed(address: string, gateway: string | undefined, dns: readonly string[]): FixedAddress {
  const network = address.includes('/') ? parseNetwork(address) : undefined;
  if (network === undefined) throw fail('bad-argument', `'${address}' is no address with its prefix`, { hint: 'for example 192.168.68.20/24' });
  requireHost(address, network);
  const way = gateway === undefined ? undefined : parseIp(gateway);
  if (gateway !== undefined && (way === undefined || way.family !== network.family)) throw fail('bad-argument', `'${gateway}' is no IPv${network.family} address of a gateway`);
  if (way !== undefined && !contains(network, way)) throw fail('bad-argument', `the gateway ${gateway} is not in the network of ${address}, so it cannot be reached`, { hint: 'a gateway is on the network that it leads out of' });
  if (way !== undefined && way.value === network.value) throw fail('bad-argument', `${gateway} cannot be the address and its gateway as well`);
  const wrong = dns.find((each) => parseIp(each) === undefined);
  if (wrong !== undefined) throw fail('bad-argument', `'${wrong}' is no address of a name server`);
  return { address: `${showIp(network)}/${network.prefix}`, gateway: way === undefined ? null : showIp(way), dns };
}

function requireHost(text: string, network: IpNetwork): void {
  const special = ends(network);
  if (special === null) return;
  if (network.value === special.network) throw fail('bad-argument', `${text} is the address of the network itself, which no interface can have`);
  if (network.value === special.broadcast) throw fail('bad-argument', `${text} is the broadcast address of its network, which no interface can have`);
}

/**
 * The default interface stays the way out: with a gateway, only what is sent from this address goes by it, so that who comes
 * in over this card is answered over it. Matched by MAC and never renamed: renaming fails on new Ubuntu (cloud-init #6887).
 */
export function fixedDefinition(mac: string, slot: number, { address, gateway, dns }: FixedAddress): Readonly<Record<string, unknown>> {
  const [own = ''] = address.split('/');
  const six = own.includes(':');
  const table = FIRST_TABLE + slot;
  return {
    match: { macaddress: mac }, [six ? 'dhcp6' : 'dhcp4']: false, 'accept-ra': false, optional: true, addresses: [address],
    ...(gateway === null ? {} : { routes: [{ to: six ? '::/0' : '0.0.0.0/0', via: gateway, table }], 'routing-policy': [{ from: own, table }] }),
    ...(dns.length === 0 ? {} : { nameservers: { addresses: [...dns] } }),
  };
}

/** Up by DHCP, behind the default interface's routes. */
export function leasedDefinition(mac: string): Readonly<Record<string, unknown>> {
  return { match: { macaddress: mac }, dhcp4: true, 'dhcp-identifier': 'mac', 'dhcp4-overrides': { 'route-metric': 200 }, optional: true };
}
