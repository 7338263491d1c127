/** Guests as Holdfast launches them, for cases that no guest is needed for: a default card on the home's network, 0 to 2 more. */
import fc from 'fast-check';
import { eui64Address } from '../../../src/core/network/home-network.ts';
import type { CardNetwork, GuestFacts, GuestLink } from '../../../src/core/netplan/facts.ts';
import { hostIn, type Card, type GuestShape, type Lan } from './guest-shape.ts';

const HOME: Lan = { subnet4: '10.130.237.0/24', prefix6: 'fd74:841e:ed26:284b::', host4: '10.130.237.1', dhcp4: true };
/** A bridge of the host's with nobody on it who gives addresses. */
const QUIET: Lan = { subnet4: '10.213.77.0/24', prefix6: null, host4: '10.213.77.1', dhcp4: false };

export const imaginedGuest: fc.Arbitrary<GuestShape> = fc.record({
  others: fc.subarray([{ lan: HOME, auto: true }, { lan: QUIET, auto: false }]),
  style: fc.constantFrom('enp', 'eth'),
}).map(({ others, style }) => ({
  cards: [card(HOME, true, 0, style), ...others.map(({ lan, auto }, index) => card(lan, auto, index + 1, style))],
}));

function card(lan: Lan, auto: boolean, slot: number, style: string): Card {
  const mac = `52:54:00:f6:df:${(0xa0 + slot).toString(16)}`;
  return {
    name: style === 'enp' ? `enp${slot + 1}s0` : `eth${slot}`, mac, driver: 'virtio_net', lan, auto,
    address4: hostIn(lan, 20 + slot), address6: lan.prefix6 === null ? null : eui64Address(lan.prefix6, mac),
  };
}

/** What would be seen of it after its launch. */
export function factsOf({ cards }: GuestShape, netplanVersion: string, systemdVersion: string): GuestFacts {
  const [first, ...others] = cards;
  return {
    links: [LOOPBACK, ...cards.map(link)],
    routes: cards.filter(({ auto }) => auto).map(({ lan, name }, index) => ({ family: 4, to: 'default', via: lan.host4, link: name, metric: index === 0 ? 100 : 200, how: 'dhcp' })),
    netplanVersion, systemdVersion,
    renderers: { networkd: true, networkManager: false },
    control: { mac: first.mac, addresses: [first.address4, ...(first.address6 === null ? [] : [first.address6])], network: networkOf(first) },
    otherNetworks: Object.fromEntries(others.map((each) => [each.mac, networkOf(each)])),
    hostSubnets: [], foreignNetworkFiles: [],
  };
}

const LOOPBACK: GuestLink = {
  name: 'lo', mac: '00:00:00:00:00:00', permanentMac: null, driver: null, kind: 'loopback', up: true, carrier: true, mtu: 65536, dns: [],
  addresses: [{ address: '127.0.0.1', prefix: 8, family: 4, scope: 'host', how: 'unknown', validForS: null }],
};

function link({ name, mac, driver, lan, auto, address4, address6 }: Card): GuestLink {
  return {
    name, mac, permanentMac: mac, driver, kind: 'ethernet', up: auto, carrier: auto, mtu: 1500, dns: auto ? [lan.host4] : [],
    addresses: auto ? [
      { address: address4, prefix: 24, family: 4, scope: 'global', how: 'dhcp', validForS: null },
      ...(address6 === null ? [] : [{ address: address6, prefix: 64, family: 6, scope: 'global', how: 'ra', validForS: 3600 } as const]),
    ] : [],
  };
}

/** A card's network, as the host knows it. */
export function networkOf({ lan, address4, auto }: Card): CardNetwork {
  const host6 = lan.prefix6 === null ? [] : [`${lan.prefix6}1`];
  return {
    kind: 'bridge', subnets: [lan.subnet4, ...(lan.prefix6 === null ? [] : [`${lan.prefix6}/64`])], gateways: [lan.host4, ...host6], dns: [lan.host4],
    hostAddresses: [lan.host4, ...host6], taken: [], dhcp4: lan.dhcp4, dhcp6: false, ra: lan.prefix6 !== null, gives: auto ? [address4] : [],
  };
}
