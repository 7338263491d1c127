/** The network that instances of this home can have, as a launch finds it. */
import type { InstanceSpec } from '../../core/instance.ts';
import { broken, nothing, warning, well, type Check, type Finding } from '../../drivers/check.ts';
import type { NetworkTrouble } from '../../host/network/trouble.ts';
import type { House } from '../instances/house.ts';
import type { HomeNetworkPort } from '../network/port.ts';

/** A dnsmasq that does not get ready is waited for ten seconds, behind what is being done for others. */
const TRIED_MS = 60_000;

export function homeNetworkChecks({ network, settings }: Pick<House, 'network' | 'settings'>): readonly Check[] {
  const wish = settings.get('local.network') ?? 'auto';
  return [
    {
      id: 'home-network', layer: 'network', title: 'the home\'s network', deadlineMs: TRIED_MS,
      async run() {
        // There may be instances on it whatever is wished for new ones.
        const trouble = await network?.trouble();
        if (trouble !== undefined) return ofTrouble(trouble);
        if (wish === 'user') return nothing('not wanted: local.network is user');
        const why = network === undefined ? 'this driver has none' : await network.whyNot();
        if (why === undefined) return well('new instances can be on it');
        const seen = `new instances cannot be on it: ${why}`;
        if (wish === 'bridge') return broken(seen, 'put that right, or let them have QEMU\'s user network: holdfast set local.network=auto');
        if (process.getuid?.() !== 0) return nothing(`without root instances are on QEMU's user network: ${why}`);
        return warning(`${seen}; they are on QEMU's user network`, 'put that right, or have it so: holdfast set local.network=user');
      },
    },
    {
      id: 'other-firewalls', layer: 'network', title: 'other firewalls of the host', needs: ['home-network'], deadlineMs: 30_000,
      async run() {
        const dropping = await network?.droppedBy() ?? [];
        if (dropping.length === 0) return well('none is known to drop what guests send');
        return warning(
          `${dropping.map(({ family, table, hook }) => `the table ${family} ${table} drops what ${hook === 'forward' ? 'is forwarded' : 'comes in'} unless a rule lets it pass`).join(', and ')}; no rule there names the bridge of this home: guests may reach ${dropping.some(({ hook }) => hook === 'input') ? 'no DHCP and no DNS' : 'nobody outside their zone'}`,
          'let the bridges hf-… pass there; for Docker, ufw and firewalld see docs/decisions/network.md',
        );
      },
    },
  ];
}

/** What an instance has of it: none where no card of its is there. What its guest lacks may only follow from this. */
export function ownNetworkChecks(network: HomeNetworkPort | undefined, { network: first, cards = [] }: Pick<InstanceSpec, 'network' | 'cards'>): readonly Check[] {
  const addresses = [first?.address, ...cards.map((card) => (card.network === null ? card.address : null))].filter((each) => typeof each === 'string');
  if (network === undefined || addresses.length === 0) return [];
  return [{
    id: 'home-network', layer: 'network', title: 'the home\'s network', deadlineMs: TRIED_MS,
    async run() {
      const trouble = await network.trouble(addresses);
      return trouble === undefined ? well('its bridge, rules, forwarding and dnsmasq are there') : ofTrouble(trouble);
    },
  }];
}

function ofTrouble({ seen, remedy, lasts }: NetworkTrouble): Finding {
  return lasts ? broken(seen, remedy) : { status: 'warn', seen, remedy, pending: true };
}
