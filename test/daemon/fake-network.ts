/** A home's network that is always up and made of nothing: what the daemon decides about addresses and cards is real. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { homeNetwork, networkOf } from '../../src/core/network/home-network.ts';
import { planNetwork, type OwnNetwork } from '../../src/core/network/own-networks.ts';
import type { HomeNetworkPort } from '../../src/daemon/network/port.ts';

export const FAKE_SUBNET = '10.107.31.0/24';
const SUBNETS = { zone1: FAKE_SUBNET, zone2: '10.107.32.0/24', zone3: '10.107.33.0/24' } as const;

interface Said {
  readonly reaches?: boolean;
  readonly answers?: readonly string[];
  readonly whyNot?: string;
}

async function said(): Promise<Said> {
  return await readFile(join(process.env['HOLDFAST_HOME'] ?? '', 'host-network.json'), 'utf8').then((text) => JSON.parse(text) as Said, () => ({}));
}

export function fakeNetwork(): HomeNetworkPort {
  const made: OwnNetwork[] = [];
  return {
    bridge: 'hf-00000000',
    whyNot: async () => (await said()).whyNot,
    subnet: (zone) => Promise.resolve(SUBNETS[zone]),
    bridgeable: () => Promise.resolve([
      { name: 'br0', type: 'bridge', members: ['eth0'], bridge: undefined },
      { name: 'eth0', type: 'ethernet', members: [], bridge: 'br0' },
      { name: 'eth1', type: 'ethernet', members: [], bridge: undefined },
    ]),
    layout: (address) => Promise.resolve(networkOf(homeNetwork('0'.repeat(32), SUBNETS, true), address)),
    ownNetworks: () => Promise.resolve(made),
    createNetwork(name, subnet) {
      const network = planNetwork(name, subnet, '0'.repeat(32), made, ['br0', 'eth0', 'eth1'], ['192.168.1.0/24']);
      made.push(network);
      return Promise.resolve(network);
    },
    deleteNetwork(name) {
      made.splice(made.findIndex((each) => each.name === name), 1);
      return Promise.resolve();
    },
    hostSubnets: () => Promise.resolve(['192.168.1.0/24']),
    // As if the host were where the guests are; a test says otherwise in a file.
    reaches: async () => (await said()).reaches ?? true,
    probe: async ({ address }) => ((await said()).answers?.includes(address) ? undefined : 'it does not answer'),
    plugOf: (id, slot) => ({ kind: 'tap', name: `h0000-${id}${slot}` }),
    attach: () => Promise.resolve(() => Promise.resolve()),
    change: () => Promise.resolve(),
    detach: () => Promise.resolve(),
    tidy: () => Promise.resolve(),
    tellOnce: () => Promise.resolve(true),
  };
}
