/** What each route does, one line where possible: the work is elsewhere. */
import type { WireNetworkChange, WireNetworkWish, WireNewNetwork } from '../../api/network-schemas.ts';
import type { WireAction, WireCardWish, WireCloneWish, WireLaunch, WireMountWish, WireSettingWish, WireSnapshotWish, WireZoneChange } from '../../api/schemas.ts';
import { API_VERSION } from '../../api/routes.ts';
import type { Readable } from 'node:stream';
import { act } from '../instances/actions.ts';
import { purge } from '../instances/purge.ts';
import { clone } from '../instances/clone.ts';
import type { Doctor } from '../doctor/doctor.ts';
import { launch } from '../instances/launch.ts';
import { deleteSnapshot, listSnapshots, restoreSnapshot, takeSnapshot } from '../instances/snapshots.ts';
import { mount, unmount } from '../mounts/requests.ts';
import { createNetwork, deleteNetwork, listNetworks } from '../network/networks.ts';
import { changeNetwork } from '../network/transaction/change.ts';
import { decide } from '../network/transaction/decide.ts';
import { networkDiff, networkHistory } from '../network/transaction/history.ts';
import { planChange } from '../network/transaction/plan.ts';
import { showNetwork } from '../network/transaction/show.ts';
import { attachCard, detachCard } from '../network/plug.ts';
import { sshAccess } from '../entering/proxy.ts';
import { buildTemplate, deleteTemplate, listTemplates, type TemplateRequest } from '../templates.ts';
import type { Trust } from '../trust/authenticate.ts';
import type { ClientBook } from '../trust/client-book.ts';
import type { Updates } from '../updates.ts';
import { viewOf } from '../view.ts';
import { changeZones, listZones } from '../zones/change-zones.ts';
import { listBytes } from '../view-text.ts';
import { untilLeft } from './client-left.ts';
import { openEventStream } from './event-stream.ts';
import type { Handlers } from './server.ts';

export interface HandlerParts {
  readonly doctor: Doctor;
  readonly version: string;
  readonly home: string;
  readonly updates: Updates;
  readonly trust: Trust;
  readonly clients: ClientBook;
}

/** Each has what its caller may see and nothing else. */
export function makeHandlers({ doctor, version, home, updates, trust, clients }: HandlerParts): Handlers {
  return {
    // Where the daemon lies on its host is nothing to others.
    version: (_call, { house, remote }) => ({ daemon: version, api: API_VERSION, driver: house.driver.name, home: remote ? '' : home, pid: remote ? 0 : process.pid, ...(updates.notice ? { update: { ...updates.notice } } : {}) }),
    authenticate: async ({ body }, { remote }) => {
      const { passphrase } = body as { passphrase?: string };
      if (!remote) return { standing: 'local' };
      if (trust.isTrusted(remote)) return { standing: 'known' };
      if (passphrase === undefined) return { standing: 'unknown' };
      await trust.authenticate(remote, passphrase);
      return { standing: 'accepted' };
    },
    listClients: () => ({ clients: clients.list() }),
    forgetClient: ({ params }) => clients.forget(params['client'] ?? ''),
    listInstances: ({ reply }, { house }) => {
      void reply.type('application/json; charset=utf-8');
      return listBytes(house.registry.all);
    },
    getInstance: ({ params }, { house }) => viewOf(house.registry.require(params['name'] ?? '')),
    launch: async ({ body }, { house }) => await launch(house, body as WireLaunch),
    act: ({ params, body }, { house }) => act(house, params['name'] ?? '', body as WireAction),
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
    clone: ({ params, body }, { house }) => clone(house, params['name'] ?? '', body as WireCloneWish),
    listSnapshots: (_call, { house }) => ({ snapshots: listSnapshots(house) }),
    takeSnapshot: ({ params, body }, { house }) => takeSnapshot(house, params['name'] ?? '', body as WireSnapshotWish),
    restoreSnapshot: ({ params, body }, { house }) => restoreSnapshot(house, params['name'] ?? '', params['snapshot'] ?? '', (body as { destructive?: boolean }).destructive ?? false),
    deleteSnapshot: async ({ params }, { house }) => {
      await deleteSnapshot(house, params['name'] ?? '', params['snapshot'] ?? '');
      return {};
    },
    mount: async ({ params, body }, { house }) => await mount(house, params['name'] ?? '', body as WireMountWish),
    unmount: ({ params, query }, { house }) => unmount(house, params['name'] ?? '', query['target']),
    listZones: async (_call, { house }) => ({ zones: await listZones(house) }),
    changeZones: ({ body }, { house }) => changeZones(house, body as WireZoneChange),
    purge: (_call, { house }) => purge(house),
    getSshAccess: async ({ params }, { house }) => await sshAccess(house, params['name'] ?? ''),
    getOperation: ({ params }, { operation }) => operation(params['id'] ?? ''),
    cancelOperation: async ({ params }, { house, operation }) => await house.engine.cancel(operation(params['id'] ?? '').id),
    followOperation: ({ params, reply }, { house, operation }) => {
      const { id } = operation(params['id'] ?? '');
      let stop = () => {};
      const stream = openEventStream(reply, () => stop());
      stop = house.engine.follow(id, (record) => {
        stream.send(record);
        if (record.status !== 'running') stream.end();
      });
    },
    events: ({ request, reply }, { subscribe }) => {
      const after = request.headers['last-event-id'];
      let stop = () => {};
      const stream = openEventStream(reply, () => stop());
      stop = subscribe(({ id, event }) => stream.send(event, id), typeof after === 'string' ? after : undefined);
    },
    listImages: async (_call, { house }) => ({ images: await house.images.list() }),
    findImages: async ({ query, reply }, { house }) => await house.images.find({
      wish: query['name'] ?? '', architecture: query['architecture'], unsupported: query['unsupported'] === 'true', force: query['force'] === 'true',
    }, untilLeft(reply)),
    buildImage: ({ body }, { house }) => {
      const { target, architecture, force } = body as { target: string; architecture?: string; force?: boolean };
      return house.images.build(target, architecture, force ?? false);
    },
    uploadImage: async ({ query, body, request }, { house }) => {
      const abort = new AbortController();
      request.raw.on('aborted', () => abort.abort());
      return await house.images.upload(body as Readable, query['name'] ?? '', abort.signal);
    },
    listTemplates: async (_call, { house }) => ({ templates: await listTemplates(house) }),
    buildTemplate: async ({ body }, { house }) => await buildTemplate(house, body as TemplateRequest),
    deleteTemplate: async ({ params }, { house }) => {
      await deleteTemplate(house, params['key'] ?? '');
      return {};
    },
    listSettings: (_call, { settings }) => ({ settings: settings.all() }),
    getSetting: ({ params }, { settings }) => settings.get(params['key'] ?? ''),
    putSetting: async ({ params, body }, { settings }) => await settings.set(params['key'] ?? '', body as WireSettingWish),
    diagnoseHost: async ({ reply }, { house }) => await doctor.host(house, false, untilLeft(reply)),
    mendHost: async ({ reply }, { house }) => await doctor.host(house, true, untilLeft(reply)),
    diagnoseInstance: async ({ params, reply }, { house }) => await doctor.instance(house, params['name'] ?? '', false, untilLeft(reply)),
    mendInstance: async ({ params, reply }, { house }) => await doctor.instance(house, params['name'] ?? '', true, untilLeft(reply)),
    logs: async ({ query, reply }, { logs }) => {
      void reply.type('text/plain; charset=utf-8');
      return await logs.tail(query['name'], query['only'] === 'console');
    },
  };
}
