/** Way 2: the default interface static, at exactly the address that the host knows, with its gateway and name servers. */
import { fail } from '../../../core/errors.ts';
import { contains, parseIp, parseNetwork, sameIp } from '../../../core/netplan/address.ts';
import type { CardNetwork, GuestAddress, GuestLink } from '../../../core/netplan/facts.ts';
import { cardFile, PIN_FILE } from '../../../core/network/our-files.ts';
import { defaultAddress } from '../../../core/subnets.ts';
import type { Supervisor } from '../../supervisor.ts';
import type { FileChanges } from './guest-network.ts';
import { predicted } from './plan.ts';
import type { Situation } from './situation.ts';

/** The address is reserved on the host already: on the bridge for its MAC, and the user network begins with it (`dhcpstart`). */
export function pinning({ name, record }: Supervisor): (stands: Situation) => FileChanges {
  const known = defaultAddress(record.instance.spec);
  return (stands) => {
    const { control } = stands.facts;
    const link = stands.look.links.find(({ kind, mac, permanentMac }) => kind === 'ethernet' && (mac === control.mac || permanentMac === control.mac));
    const has = link?.addresses.filter(({ scope, address }) => scope === 'global' && isOfHost(address, control.network)) ?? [];
    if (link === undefined || !has.some(({ address }) => sameIp(address, known))) {
      throw fail('wrong-state', `${name} cannot be pinned: its default interface has not got ${known}, by which the host knows it`, { hint: `bring it back first: holdfast net repair ${name}` });
    }
    const own = predicted(stands.look.files, stands).links.find((each) => each.name === link.name);
    const moving = has.filter(({ address }) => !own?.addresses.some((each) => each.how === 'static' && each.address !== null && sameIp(each.address, address)));
    if (moving.length === 0 && !own?.dhcp4) return { write: [], setAside: [] };
    const families = [...new Set(has.map(({ family }) => family))];
    const dns = dnsOf(link, control.network);
    const routes = families.flatMap((family) => routeOf(family, link, stands));
    const content = cardFile(own?.definition ?? 'default', {
      match: { macaddress: control.mac }, ...(families.includes(4) ? { dhcp4: false } : {}), ...(families.includes(6) ? { dhcp6: false, 'accept-ra': false } : {}),
      addresses: moving.map(({ address, prefix }) => `${address}/${prefixOf(address, prefix, control.network)}`),
      ...(routes.length === 0 ? {} : { routes }), ...(dns.length === 0 ? {} : { nameservers: { addresses: [...dns] } }),
    }, `Written by "holdfast net pin": ${name} keeps the address that it has. "holdfast net unpin ${name}" takes it away.`);
    return { write: [{ path: PIN_FILE, mode: 0o600, uid: 0, gid: 0, content }], setAside: [] };
  };
}

/** @throws not-found */
export function unpinning({ name }: Supervisor): (stands: Situation) => FileChanges {
  return ({ look }) => {
    if (!look.files.some(({ path }) => path === PIN_FILE)) throw fail('not-found', `${name} is not pinned by Holdfast: there is no ${PIN_FILE} in it`, { hint: `what it has: holdfast net show ${name}` });
    return { write: [], setAside: [PIN_FILE] };
  };
}

/** Privacy addresses and what was given by hand are none of the host's. */
function isOfHost(address: string, network: CardNetwork | null): boolean {
  const ip = parseIp(address);
  return ip !== undefined && (network?.gives.some((each) => sameIp(each, address)) ?? false);
}

/** DHCPv6 gives addresses without their network. */
function prefixOf(address: string, prefix: number, network: CardNetwork | null): number {
  const ip = parseIp(address);
  const subnet = network?.subnets.map(parseNetwork).find((each) => each !== undefined && ip !== undefined && contains(each, ip));
  return subnet?.prefix ?? prefix;
}

/** The way out that it has now, or the one that its network offers. */
function routeOf(family: GuestAddress['family'], link: GuestLink, { look, facts }: Situation): { readonly to: string; readonly via: string }[] {
  const now = look.routes.filter((route) => route.link === link.name && route.to === 'default' && route.family === family && route.via !== null).toSorted((a, b) => a.metric - b.metric)[0]?.via;
  const via = now ?? facts.control.network?.gateways.find((gateway) => parseIp(gateway)?.family === family);
  return via === undefined || via === null ? [] : [{ to: family === 4 ? '0.0.0.0/0' : '::/0', via }];
}

function dnsOf(link: GuestLink, network: CardNetwork | null): readonly string[] {
  return link.dns.length > 0 ? link.dns : network?.dns ?? [];
}
