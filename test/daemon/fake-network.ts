/** A home's network that is always up and made of nothing: what the daemon decides about addresses and cards is real. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { homeNetwork, networkOf } from '../../src/core/network/home-network.ts';
import { planNetwork, type OwnNetwork } from '../../src/core/network/own-networks.ts';
import { fail } from '../../src/core/errors.ts';
import type { NetworkTrouble } from '../../src/host/network/trouble.ts';
import type { EthernetBridges, HomeNetworkPort } from '../../src/daemon/network/port.ts';

export const FAKE_SUBNET = '10.107.31.0/24';
const SUBNETS = { zone1: FAKE_SUBNET, zone2: '10.107.32.0/24', zone3: '10.107.33.0/24' } as const;

interface Said {
  readonly reaches?: boolean;
  readonly answers?: readonly string[];
  readonly whyNot?: string;
  readonly trouble?: NetworkTrouble;
}

async function said(): Promise<Said> {
  return await readFile(join(process.env['HOLDFAST_HOME'] ?? '', 'host-network.json'), 'utf8').then((text) => JSON.parse(text) as Said, () => ({}));
}

/** eth1 can be put into a bridge, eth2 would take the host off its network, eth3 is refused before. What was agreed to is in a file, for a test to see. */
function fakeEthernets(): EthernetBridges {
  const path = join(process.env['HOLDFAST_HOME'] ?? '', 'ethernets.json');
  const agreed = async (): Promise<string[]> => await readFile(path, 'utf8').then((text) => JSON.parse(text) as string[], () => []);
  return {
    async plan(ethernet) {
      if (ethernet === 'eth3') throw fail('not-supported', 'eth3 cannot be put into a bridge by Holdfast: rules name it');
      return { bridge: `br-${ethernet}`, agreed: (await agreed()).includes(`br-${ethernet}`) };
    },
    async agree(ethernet) {
      await writeFile(path, JSON.stringify([...new Set([...await agreed(), `br-${ethernet}`])]));
      return `br-${ethernet}`;
    },
    names: agreed,
    ensure: (bridge) => (bridge === 'br-eth2' ? Promise.reject(fail('rolled-back', 'eth2 was not put into a bridge, and has what it had: nobody answered')) : Promise.resolve()),
    async release(isUsed) {
      const gone = (await agreed()).filter((each) => !isUsed(each));
      if (gone.length > 0) await writeFile(path, JSON.stringify((await agreed()).filter(isUsed)));
      return gone;
    },
  };
}

export function fakeNetwork(): HomeNetworkPort {
  const made: OwnNetwork[] = [];
  return {
    bridge: 'hf-00000000',
    whyNot: async () => (await said()).whyNot,
    trouble: async () => (await said()).trouble,
    droppedBy: () => Promise.resolve([]),
    subnet: (zone) => Promise.resolve(SUBNETS[zone]),
    bridgeable: () => Promise.resolve([
      { name: 'br0', type: 'bridge', members: ['eth0'], bridge: undefined },
      { name: 'eth0', type: 'ethernet', members: [], bridge: 'br0' },
      ...['eth1', 'eth2', 'eth3'].map((name) => ({ name, type: 'ethernet' as const, members: [], bridge: undefined })),
      { name: 'wlan0', type: 'radio', members: [], bridge: undefined },
    ]),
    ethernets: fakeEthernets(),
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
