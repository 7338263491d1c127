/** The network that instances of this home can have, as a launch finds it. */
import { broken, nothing, warning, well, type Check } from '../../drivers/check.ts';
import type { House } from '../instances/house.ts';

/** A dnsmasq that does not get ready is waited for ten seconds, behind what is being done for others. */
const TRIED_MS = 60_000;

export function homeNetworkChecks({ network, settings }: Pick<House, 'network' | 'settings'>): readonly Check[] {
  const wish = settings.get('local.network') ?? 'auto';
  return [
    {
      id: 'home-network', layer: 'network', title: 'the home\'s network', deadlineMs: TRIED_MS,
      async run() {
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
