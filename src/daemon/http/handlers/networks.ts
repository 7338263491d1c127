/** Networks, zones, and what is asked of an instance's cards and its netplan files. */
import type { WireNetworkChange, WireNetworkWish, WireNewNetwork } from '../../../api/network-schemas.ts';
import type { WireCardWish, WireZoneChange } from '../../../api/schemas.ts';
import { createNetwork, deleteNetwork, listNetworks } from '../../network/networks.ts';
import { attachCard, detachCard } from '../../network/plug.ts';
import { changeNetwork } from '../../network/transaction/change.ts';
import { decide } from '../../network/transaction/decide.ts';
import { networkDiff, networkHistory } from '../../network/transaction/history.ts';
import { planChange } from '../../network/transaction/plan.ts';
import { showNetwork } from '../../network/transaction/show.ts';
import { changeZones, listZones } from '../../zones/change-zones.ts';
import { untilLeft } from '../client-left.ts';
import type { Handlers } from '../server.ts';

export const NETWORKS = {
  attachCard: async ({ params, body }, { house }) => await attachCard(house, params['name'] ?? '', body as WireCardWish),
  detachCard: ({ params }, { house }) => detachCard(house, params['name'] ?? '', params['card'] ?? ''),
  getNetwork: async ({ params, reply }, { house }) => await showNetwork(house, params['name'] ?? '', untilLeft(reply)),
  planNetwork: async ({ params, body, reply }, { house }) => await planChange(house, params['name'] ?? '', body as WireNetworkWish, untilLeft(reply)),
  changeNetwork: async ({ params, body }, { house }) => await changeNetwork(house, params['name'] ?? '', body as WireNetworkChange),
  decideNetwork: ({ params, body }, { house }) => decide(house, params['name'] ?? '', (body as { commit: boolean }).commit),
  networkHistory: ({ params }, { house }) => ({ revisions: networkHistory(house, params['name'] ?? '') }),
  networkDiff: ({ params, query }, { house }) => networkDiff(house, params['name'] ?? '', Number(params['from']), query['to'] === undefined ? undefined : Number(query['to'])),
  listNetworks: async (_call, { house }) => await listNetworks(house),
  createNetwork: async ({ body }, { house }) => await createNetwork(house, body as WireNewNetwork),
  deleteNetwork: async ({ params }, { house }) => {
    await deleteNetwork(house, params['name'] ?? '');
    return {};
  },
  listZones: async (_call, { house }) => ({ zones: await listZones(house) }),
  changeZones: ({ body }, { house }) => changeZones(house, body as WireZoneChange),
} satisfies Partial<Handlers>;
