/** Does the host still reach the guest at the addresses by which it does so now? */
import { contains, parseIp, parseNetwork, sameIp } from './address.ts';
import type { Change } from './compare.ts';
import type { Definition, Place } from './definition.ts';
import type { Family } from './facts.ts';
import { placed, type Finding, type Verdict } from './plan.ts';
import type { PredictedAddress, PredictedLink } from './prediction.ts';
import { replyTo } from './reply-route.ts';

const WAY_1 = 'keep the default interface on DHCP and give the static address to a second one';

export function controlFindings(change: Change): Finding[] {
  const { facts, carriers: { after }, now } = change;
  const { control } = facts;
  const make = maker(now?.name ?? null);
  if (after.card === null) return [make('default-missing', 'unknown', null, null, `the default interface (${control.mac}) is not among the guest's interfaces`, null)];
  const { card } = after;
  if (sameAsBefore(change)) return [];
  const definition = definitionOf(change, card);
  const found = after.links.flatMap(({ unknown }) => unknown.map(({ reason, place }) => make('not-modelled', 'unknown', place, null, `${reason}, and it concerns the default interface`, WAY_1)));
  if (card.managedBy === 'nobody') return [...found, unmanaged(change, card, make)];
  if (definition?.activationMode === 'off') return [...found, make('kept-down', 'lockout', definition.places['activation-mode'] ?? null, null, `the default interface ${card.name} is kept down`, 'leave activation-mode out')];
  if (definition?.activationMode === 'manual') found.push(make('down-at-boot', 'lockout', definition.places['activation-mode'] ?? null, null, `nobody brings the default interface ${card.name} up at the next boot`, 'leave activation-mode out'));
  if (!card.up) return [...found, make('down', 'lockout', card.place, null, `the default interface ${card.name} is down`, null)];
  return [...found, ...lostAddresses(change, make), ...replies(change, make), ...moved(change, make), ...sizes(change, definition, make), ...policies(change, make)];
}

type Make = (code: string, verdict: Verdict, place: Place | null, family: Family | null, reason: string, remedy: string | null) => Finding;

function maker(name: string | null): Make {
  return (code, verdict, place, family, reason, remedy) => ({ code, verdict, ...placed(place), family, interface: name, reason, remedy });
}

/** An interface that nobody configured before, and nobody will: it stays as somebody else made it. */
function sameAsBefore({ carriers }: Change): boolean {
  return carriers.before.card?.managedBy === 'nobody' && carriers.after.card?.managedBy === 'nobody';
}

export function definitionOf({ after }: Change, link: PredictedLink): Definition | null {
  return after.definitions.find(({ id }) => id === link.definition) ?? null;
}

function unmanaged(change: Change, card: PredictedLink, make: Make): Finding {
  const definition = definitionOf(change, card);
  if (definition) {
    return make('renderer-missing', 'lockout', definition.places['renderer'] ?? definition.place, null, `the default interface ${card.name} is left to ${definition.renderer}, which this guest does not have: it gets no address`, 'renderer: networkd');
  }
  const once = change.carriers.before.card?.definition;
  const same = change.after.definitions.find(({ id }) => id === once);
  return make(
    'not-configured', 'lockout', same?.places['match'] ?? same?.place ?? null, null,
    same ? `${same.id} no longer matches the default interface ${card.name} (${card.mac ?? ''}), and nothing else does: it gets no address` : `no definition matches the default interface ${card.name} (${card.mac ?? ''}): it gets no address`,
    `match: {macaddress: "${change.facts.control.mac}"}`,
  );
}

function lostAddresses(change: Change, make: Make): Finding[] {
  const { facts: { control }, carriers: { after }, now } = change;
  const usesIpv4 = control.addresses.some((address) => parseIp(address)?.family === 4);
  const addresses = after.links.flatMap((link) => link.addresses);
  return control.addresses.flatMap((address) => {
    const family = parseIp(address)?.family;
    if (family === undefined || addresses.some((each) => each.address !== null && sameIp(each.address, address))) return [];
    if (isLostAlready(change, address)) {
      return [make('lost-already', 'caution', whereLost(change, family, addresses), family, `the host does not reach the guest at ${address} as it is, and this does not bring it back`, 'bring it back first: holdfast net repair')];
    }
    const worst: Verdict = family === 6 && usesIpv4 ? 'caution' : 'lockout';
    const unsure = addresses.find((each) => each.family === family && each.address === null);
    const kept = now?.addresses.find((each) => sameIp(each.address, address));
    if (unsure && !otherMac(change) && kept?.how === 'static') {
      return [make('address-unsure', worst === 'caution' ? 'caution' : 'unknown', unsure.place, family, `which address ${by(unsure)} gives the default interface is not known; the host uses ${address}, which was static`, `keep ${address} for ${control.mac} on the DHCP server, or leave it static`)];
    }
    if (unsure && !otherMac(change)) return [make('address-unsure', worst === 'caution' ? 'caution' : 'unknown', unsure.place, family, `whether ${by(unsure)} gives the default interface ${address} again, which the host uses, is not known`, null)];
    return [make('address-lost', worst, whereLost(change, family, addresses), family, whyLost(change, address, family, addresses), family === 4 ? WAY_1 : null)];
  });
}

/** Neither is it there nor would the files as they are bring it. */
function isLostAlready({ now, carriers: { before } }: Change, address: string): boolean {
  const has = (links: readonly { readonly addresses: readonly { readonly address: string | null }[] }[]): boolean =>
    links.some(({ addresses }) => addresses.some((each) => each.address === null || sameIp(each.address, address)));
  return now !== null && !has([now]) && !has(before.links);
}

function by({ how }: PredictedAddress): string {
  return how === 'ra' ? 'the router' : 'the DHCP server';
}

function otherMac({ now, carriers: { after }, facts: { control } }: Change): boolean {
  return after.links.at(-1)?.mac !== control.mac.toLowerCase() && now !== null;
}

function whereLost(change: Change, family: Family, addresses: readonly PredictedAddress[]): Place | null {
  const instead = addresses.find((each) => each.family === family && each.place !== null);
  const definition = change.carriers.after.card ? definitionOf(change, change.carriers.after.card) : null;
  const key = family === 4 ? 'dhcp4' : 'accept-ra';
  return instead?.place ?? definition?.places[key] ?? definition?.places['macaddress'] ?? definition?.place ?? null;
}

function whyLost(change: Change, address: string, family: Family, addresses: readonly PredictedAddress[]): string {
  const { carriers: { after }, now, facts: { control } } = change;
  const name = now?.name ?? '';
  const has = addresses.filter((each) => each.family === family).map((each) => each.address ?? `one by ${each.how === 'ra' ? 'router advertisement' : 'DHCP'}`);
  const definition = after.card ? definitionOf(change, after.card) : null;
  const base = `the host reaches the guest at ${address}, and ${after.links.length > 1 ? `neither ${name} nor ${after.links.at(-1)?.name ?? ''}` : `the default interface ${name}`} will have ${after.links.length > 1 ? 'it' : 'that no more'}`;
  const instead = has.length > 0 ? `: it will have ${has.join(', ')}` : `: it will have no IPv${family} address`;
  const mac = otherMac(change) && has.length > 0 ? `; it will ask with another MAC address than ${control.mac}, and be given another address` : '';
  const none = definition && family === 4 && definition.dhcp4 && has.length === 0 && control.network?.dhcp4 === false ? '; there is no DHCP server on its network' : '';
  return `${base}${instead}${mac}${none}`;
}

function replies(change: Change, make: Make): Finding[] {
  const { facts: { control }, after, carriers, now } = change;
  const hosts = control.network?.hostAddresses ?? [];
  const addresses = carriers.after.links.flatMap((link) => link.addresses);
  return hosts.flatMap((host) => {
    const family = parseIp(host)?.family;
    // Only where an address is left that could be answered from.
    if (family === undefined || !control.addresses.some((address) => parseIp(address)?.family === family && addresses.some((each) => each.address !== null && sameIp(each.address, address)))) return [];
    const reply = replyTo(host, after.links, carriers.after.names);
    if (reply.how === 'yes') return [];
    const serious = family === 4 || !control.addresses.some((address) => parseIp(address)?.family === 4);
    const where = reply.route === null ? 'nowhere: no route leads there' : reply.route.type !== 'unicast' ? `into a route of type ${reply.route.type}` : `by ${reply.link?.name ?? ''}${reply.route.via === null ? '' : ` to ${reply.route.via}`}`;
    const other = reply.link !== null && !carriers.after.names.has(reply.link.name) && reply.route?.type === 'unicast' ? isSameNetwork(change, reply.link) : 'no';
    const elsewhere = (verdict: Verdict): Finding => make('replies-elsewhere', verdict, reply.route?.place ?? null, family, `what the guest answers its host (${host}) may go out ${where} instead of by ${now?.name ?? ''}`, 'use another subnet for the other interface');
    if (other === 'yes') return [elsewhere('safe')];
    if (other === 'maybe') return [elsewhere('caution')];
    if (reply.how === 'maybe') return [elsewhere(serious ? 'unknown' : 'caution')];
    return [make('replies-lost', serious ? 'lockout' : 'caution', reply.route?.place ?? null, family, `what the guest answers its host (${host}) goes ${where}, not back by ${now?.name ?? ''}`, reply.route === null ? 'keep the prefix length of the network' : 'use another subnet, or leave that route out')];
  });
}

/** Another card that is plugged into the same bridge reaches the host as well. */
function isSameNetwork({ facts: { control, otherNetworks } }: Change, { mac, kind }: PredictedLink): 'yes' | 'maybe' | 'no' {
  if (kind !== 'ethernet') return 'no';
  const other = mac === null ? undefined : otherNetworks[mac];
  if (other === undefined) return 'maybe';
  return other.kind === 'bridge' && other.hostAddresses.some((address) => control.network?.hostAddresses.includes(address)) ? 'yes' : 'no';
}

function moved({ carriers: { before, after } }: Change, make: Make): Finding[] {
  const master = after.links.at(-1);
  if (after.links.length < 2 || master === undefined || before.names.has(master.name)) return [];
  return [make('moves-to-master', 'caution', master.place, null, `the default interface becomes a port of ${master.name}: nothing reaches the guest until that forwards, up to 30 s for a bridge with spanning tree`, 'parameters: {stp: false, forward-delay: 0}')];
}

/** Below this, the kernel has no IPv6 on a link; the least that IPv4 can be carried by. */
const LEAST_IPV6 = 1280;
const LEAST_IPV4 = 68;
const USUAL = 1500;

function sizes({ now }: Change, definition: Definition | null, make: Make): Finding[] {
  const mtu = definition?.mtu ?? null;
  if (definition === null || mtu === null || mtu === now?.mtu) return [];
  const place = definition.places['mtu'] ?? definition.place;
  if (mtu < LEAST_IPV4 || mtu > 65_535) return [make('mtu-impossible', 'unknown', place, null, `no card takes an MTU of ${mtu}`, `mtu: ${USUAL}`)];
  if (mtu < LEAST_IPV6) return [make('mtu-small', 'caution', place, 6, `with an MTU of ${mtu} there is no IPv6 on the default interface`, `an mtu of at least ${LEAST_IPV6}`)];
  if (mtu > USUAL) return [make('mtu-large', 'caution', place, null, `packets of more than ${USUAL} bytes may not get through the host's network`, `mtu: ${USUAL}`)];
  return [];
}

/** A rule that what goes to the host, or comes from the addresses that it uses, is looked up in another table. */
function policies({ after, facts: { control } }: Change, make: Make): Finding[] {
  const hosts = control.network?.hostAddresses ?? [];
  return after.definitions.flatMap(({ routingPolicy }) => routingPolicy.flatMap(({ from, to, table, mark, typeOfService, priority, place }) => {
    const fits = (network: string | null, addresses: readonly string[]): boolean => network === null || addresses.some((address) => within(network, address));
    if (table === null || table === 254 || table === 255 || mark !== null || (typeOfService ?? 0) > 0 || (priority ?? 0) > 32_766) return [];
    if (!fits(from, control.addresses) || !fits(to, hosts)) return [];
    return [make('policy-applies', 'unknown', place, parseIp((from ?? to ?? '').split('/')[0] ?? '')?.family ?? null, `a routing policy sends what the guest answers its host to table ${table}, and what happens there is not modelled`, 'leave the default interface out of it')];
  }));
}

function within(network: string, address: string): boolean {
  const parsed = parseNetwork(network);
  const ip = parseIp(address);
  return parsed !== undefined && ip !== undefined && contains(parsed, ip);
}
