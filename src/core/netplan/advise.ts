/** The two ways out of a lockout, as whole files with the instance's own MACs and addresses. */
import { contains, parseIp, parseNetwork } from './address.ts';
import type { Family, GuestFacts, GuestLink } from './facts.ts';
import { generate, type WantedInterface } from './generate.ts';
import type { Plan } from './plan.ts';

export interface Advice {
  /** The default interface stays on DHCP, what was to be static moves to a second one. */
  readonly way1: string;
  /** The default interface is static at the address that it has. */
  readonly way2: string;
}

export function advise(plan: Plan, facts: GuestFacts): Advice {
  return { way1: way1(plan, facts), way2: way2(facts) };
}

/** Without a default route on the second one: traffic goes on by the first. */
function way1(plan: Plan, facts: GuestFacts): string {
  const { control } = facts;
  const wanted = staticWanted(plan, facts);
  const second = facts.links.find((link) => link.kind === 'ethernet' && macOf(link) !== null && macOf(link) !== control.mac.toLowerCase());
  const first: WantedInterface = { id: 'default', mac: control.mac, dhcp4: true, comment: 'The default interface: Holdfast and the host reach the instance here.' };
  const mac = second ? macOf(second) : null;
  const top = 'Way 1: the default interface stays on DHCP; the static address is on a second one.';
  if (mac === null) return generate([first], `${top}\nThere is no second card yet: "holdfast net static" plugs one in and gives it ${wanted.join(', ') || 'the address'}.`);
  return generate([first, {
    id: 'extra0', mac, dhcp4: wanted.length === 0, optional: true, ...(wanted.length === 0 ? { dhcpRouteMetric: 200 } : { addresses: wanted }),
    comment: 'No default route here: it would take all traffic from the first one.',
  }], top);
}

/** What somebody wanted to have, less what the default interface has and keeps. */
function staticWanted({ interfaces }: Plan, { control }: GuestFacts): string[] {
  const all = interfaces.filter(({ role }) => role === 'default' || role === 'extra').flatMap(({ after }) => after?.addresses ?? []);
  const texts = all.flatMap(({ how, address, prefix }) => (how === 'static' && address !== null && prefix !== null && !control.addresses.includes(address) ? [`${address}/${prefix}`] : []));
  return [...new Set(texts)];
}

function way2(facts: GuestFacts): string {
  const { control, routes, links } = facts;
  const link = links.find((each) => macOf(each) === control.mac.toLowerCase());
  const present = control.addresses.filter((address) => parseIp(address)?.family === 4).map((address) => `${address}/${prefixOf(address, link, facts)}`);
  const gateways = ([4] as const).flatMap((family) => {
    const via = gatewayOf(family, facts) ?? routes.find((route) => route.family === family && route.to === 'default' && route.link === link?.name)?.via;
    return via === undefined || via === null ? [] : [{ family, via }];
  });
  const servers = control.network?.dns ?? link?.dns ?? [];
  return generate(
    [{ id: 'default', mac: control.mac, dhcp4: present.length === 0, addresses: present, gateways, nameservers: { addresses: servers } }],
    'Way 2: the default interface is static at exactly the address that it has now.\n"holdfast net pin" does the same, and keeps the address for it on the host.',
  );
}

function prefixOf(address: string, link: GuestLink | undefined, { control }: GuestFacts): number {
  const own = link?.addresses.find((each) => each.address === address)?.prefix;
  if (own !== undefined) return own;
  const ip = parseIp(address);
  const subnet = control.network?.subnets.map((each) => parseNetwork(each)).find((each) => each && ip && contains(each, ip));
  return subnet?.prefix ?? 24;
}

function gatewayOf(family: Family, { control }: GuestFacts): string | undefined {
  return control.network?.gateways.find((gateway) => parseIp(gateway)?.family === family);
}

function macOf({ permanentMac, mac }: GuestLink): string | null {
  return (permanentMac ?? mac)?.toLowerCase() ?? null;
}
