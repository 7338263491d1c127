/** What is asked of one instance, or of all: their lives, snapshots and mounts. */
import type { WireAction, WireCloneWish, WireLaunch, WireMountWish, WireSnapshotWish } from '../../../api/schemas.ts';
import { sshAccess } from '../../entering/proxy.ts';
import { act } from '../../instances/actions.ts';
import { clone } from '../../instances/clone.ts';
import { launch } from '../../instances/launch.ts';
import { purge } from '../../instances/purge.ts';
import { deleteSnapshot, listSnapshots, restoreSnapshot, takeSnapshot } from '../../instances/snapshots.ts';
import { mount, unmount } from '../../mounts/requests.ts';
import { viewOf } from '../../view.ts';
import { listBytes } from '../../view-text.ts';
import type { Handlers } from '../server.ts';

export const INSTANCES = {
  listInstances: ({ reply }, { house }) => {
    void reply.type('application/json; charset=utf-8');
    return listBytes(house.registry.all);
  },
  getInstance: ({ params }, { house }) => viewOf(house.registry.require(params['name'] ?? '')),
  launch: async ({ body }, { house }) => await launch(house, body as WireLaunch),
  act: ({ params, body }, { house }) => act(house, params['name'] ?? '', body as WireAction),
  clone: ({ params, body }, { house }) => clone(house, params['name'] ?? '', body as WireCloneWish),
  purge: (_call, { house }) => purge(house),
  getSshAccess: async ({ params }, { house }) => await sshAccess(house, params['name'] ?? ''),
  listSnapshots: (_call, { house }) => ({ snapshots: listSnapshots(house) }),
  takeSnapshot: ({ params, body }, { house }) => takeSnapshot(house, params['name'] ?? '', body as WireSnapshotWish),
  restoreSnapshot: ({ params, body }, { house }) => restoreSnapshot(house, params['name'] ?? '', params['snapshot'] ?? '', (body as { destructive?: boolean }).destructive ?? false),
  deleteSnapshot: async ({ params }, { house }) => {
    await deleteSnapshot(house, params['name'] ?? '', params['snapshot'] ?? '');
    return {};
  },
  mount: async ({ params, body }, { house }) => await mount(house, params['name'] ?? '', body as WireMountWish),
  unmount: ({ params, query }, { house }) => unmount(house, params['name'] ?? '', query['target']),
} satisfies Partial<Handlers>;
