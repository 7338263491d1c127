/** What core/netplan is told besides the guest's own word: how the host reaches it, and who else is on its networks. */
import type { CardNetwork, GuestFacts } from '../../../core/netplan/facts.ts';
import type { Instance } from '../../../core/instance.ts';
import { eui64Address, hostAddress, hostAddress6 } from '../../../core/network/home-network.ts';
import { defaultAddress, userSubnet } from '../../../core/subnets.ts';
import { shortened } from '../../../core/network/shortened.ts';
import type { House } from '../../instances/house.ts';
import type { Supervisor } from '../../supervisor.ts';
import type { GuestLook } from './guest-network.ts';

/** Of a network of the home's own, as one of its cards sees it. */
interface Bridge {
  readonly subnet: string;
  readonly prefix6: string | null;
}

export async function factsOf(house: House, supervisor: Supervisor, look: Omit<GuestLook, 'files' | 'armed'>): Promise<GuestFacts> {
  const { spec } = supervisor.record.instance;
  const bridge = spec.network && await house.network?.layout(spec.network.address);
  const others = house.registry.everybodys.filter(({ id }) => id !== supervisor.id).map(({ record }) => record.instance);
  const address6 = spec.network !== undefined && bridge?.prefix6 ? [shortened(eui64Address(bridge.prefix6, spec.mac))] : [];
  return {
    links: look.links, routes: look.routes, netplanVersion: look.netplanVersion, systemdVersion: look.systemdVersion,
    renderers: look.renderers, foreignNetworkFiles: look.foreignNetworkFiles,
    control: {
      mac: spec.mac,
      addresses: [defaultAddress(spec), ...address6],
      network: spec.network === undefined ? userNetwork(spec.subnetIndex) : bridge === undefined ? null : bridgeNetwork(bridge, [spec.network.address, ...address6], others, ownOf(supervisor.record.instance, spec.mac)),
    },
    otherNetworks: await otherNetworks(house, supervisor.record.instance, others),
    hostSubnets: await house.network?.hostSubnets().catch(() => []) ?? [],
  };
}

async function otherNetworks(house: House, instance: Instance, others: readonly Instance[]): Promise<GuestFacts['otherNetworks']> {
  const found = await Promise.all((instance.spec.cards ?? []).map(async ({ mac, network, address }) => {
    const bridge = network === null && address !== null ? await house.network?.layout(address) : undefined;
    return bridge === undefined || address === null ? [] : [[mac, bridgeNetwork(bridge, [address], others, ownOf(instance, mac))] as const];
  }));
  return Object.fromEntries(found.flat());
}

function userNetwork(subnetIndex: number): CardNetwork {
  const { cidr, gateway, dns, guest } = userSubnet(subnetIndex);
  return { kind: 'user', subnets: [cidr], gateways: [gateway], dns: [dns], hostAddresses: [], taken: [{ address: gateway, by: 'the network\'s gateway' }, { address: dns, by: 'the network\'s name server' }], dhcp4: true, dhcp6: false, ra: false, gives: [guest] };
}

function bridgeNetwork({ subnet, prefix6 }: Bridge, gives: readonly string[], others: readonly Instance[], own: readonly Taken[]): CardNetwork {
  const host = [hostAddress({ subnet }), ...(prefix6 === null ? [] : [hostAddress6({ prefix6 }) ?? ''])];
  return {
    kind: 'bridge', subnets: [subnet, ...(prefix6 === null ? [] : [`${prefix6}/64`])], gateways: host, dns: [hostAddress({ subnet })], hostAddresses: host,
    taken: [...others.flatMap((other) => ownOf(other)), ...own], dhcp4: true, dhcp6: false, ra: prefix6 !== null, gives,
  };
}

type Taken = CardNetwork['taken'][number];

/** Addresses that are reserved for an instance's cards. @param except  the card that asks */
function ownOf({ name, spec }: Instance, except?: string): Taken[] {
  const cards = [{ mac: spec.mac, address: spec.network?.address ?? null }, ...(spec.cards ?? []).map(({ mac, address }) => ({ mac, address }))];
  return cards.flatMap(({ mac, address }) => (address === null || mac === except ? [] : [{ address, by: name }]));
}
