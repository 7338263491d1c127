/**
 * Who may see and do what: the one place that decides it. The daemon's own user sees everything; who comes in by a socket
 * of his own (wiring/user-sockets.ts) has his instances and operations, and of the others' not even that they are there.
 * Who comes over TLS (wiring/tls-door.ts) and has said the passphrase has all instances, as he is trusted by the daemon's own
 * user, and nothing of the host they run on; before that he has what is `open`.
 */
import type { RouteName } from '../api/routes.ts';
import type { WireOperation } from '../api/schemas.ts';
import { fail } from '../core/errors.ts';
import type { NumberedEvent } from './event-hub.ts';
import type { House } from './instances/house.ts';
import { logReader, type LogReader } from './log/log-reader.ts';
import { makeSettings, type Settings } from './settings/settings.ts';
import type { RemoteClient, Trust } from './trust/authenticate.ts';

/** `shared`: the same for everybody. `own`: only what is the caller's. `local`: the same, and files of the host's are in it, so not over the network. `root`: it concerns everybody, so the daemon's user only. `open`: also to who is not authenticated. */
export const ACCESS: { readonly [N in RouteName]: 'open' | 'shared' | 'own' | 'local' | 'root' } = {
  version: 'open',
  authenticate: 'open',
  listClients: 'root',
  forgetClient: 'root',
  listInstances: 'own',
  getInstance: 'own',
  launch: 'own',
  act: 'own',
  attachCard: 'own',
  detachCard: 'own',
  getNetwork: 'own',
  planNetwork: 'own',
  changeNetwork: 'own',
  decideNetwork: 'own',
  networkHistory: 'own',
  networkDiff: 'own',
  listNetworks: 'shared',
  createNetwork: 'root',
  deleteNetwork: 'root',
  clone: 'own',
  listSnapshots: 'own',
  takeSnapshot: 'own',
  restoreSnapshot: 'own',
  deleteSnapshot: 'own',
  listZones: 'shared',
  changeZones: 'root',
  mount: 'local',
  unmount: 'own',
  purge: 'own',
  exec: 'own',
  proxy: 'own',
  console: 'own',
  getSshAccess: 'own',
  getOperation: 'own',
  followOperation: 'own',
  cancelOperation: 'own',
  events: 'own',
  listImages: 'shared',
  findImages: 'shared',
  buildImage: 'root',
  uploadImage: 'shared',
  listTemplates: 'shared',
  buildTemplate: 'root',
  deleteTemplate: 'root',
  listSettings: 'own',
  getSetting: 'own',
  putSetting: 'own',
  logs: 'own',
  diagnoseHost: 'shared',
  mendHost: 'root',
  diagnoseInstance: 'own',
  mendInstance: 'own',
};

/** What a handler works with: nothing in it reaches beyond what the caller may. */
export interface CallersView {
  readonly house: House;
  readonly settings: Settings;
  readonly logs: LogReader;
  /** @throws operation-not-found */
  operation(id: string): WireOperation;
  /** As EventHub's. */
  subscribe(listener: (event: NumberedEvent) => void, after: string | undefined): () => void;
  /** Who asks over TLS; undefined for who came in by a socket of this machine. */
  readonly remote?: RemoteClient;
}

export interface Callers {
  /** @throws no-rights  the route is not for him */
  view(uid: number, route: RouteName): CallersView;
  /** @throws not-authenticated, no-rights */
  remoteView(client: RemoteClient, route: RouteName): CallersView;
}

/** @param house  of the daemon's own user, whose uid is its owner */
export function callers(house: House, logPath: string, trust: Pick<Trust, 'isTrusted'>): Callers {
  const views = new Map<number, CallersView>();
  return {
    view(uid, route) {
      if (ACCESS[route] === 'root' && uid !== house.owner) throw rootOnly();
      const known = views.get(uid) ?? viewFor(house, uid, logPath);
      views.set(uid, known);
      return known;
    },
    remoteView(client, route) {
      const access = ACCESS[route];
      if (access !== 'open' && !trust.isTrusted(client)) throw notAuthenticated();
      if (access === 'root' || access === 'local') throw hostOnly();
      return remoteViewFor(house, client, logPath);
    },
  };
}

/** The same house, in which only what is his is found, and what is launched is his. */
export function houseOf(house: House, uid: number): House {
  return uid === house.owner ? house : { ...house, visited: true, owner: uid, registry: house.registry.ownedBy(uid) };
}

function viewFor(house: House, uid: number, logPath: string): CallersView {
  const own = houseOf(house, uid);
  const isRoot = own === house;
  const concerns = (owner: number | null | undefined): boolean => isRoot || owner === uid;
  return {
    house: own,
    settings: makeSettings(own, isRoot ? undefined : { id: String(uid), refuse: rootOnly }),
    logs: logReader(own, logPath, isRoot),
    operation(id) {
      // The same words for what is not there and what is not his.
      if (!concerns(house.engine.ownerOf(id))) throw fail('operation-not-found', `there is no operation ${id}`);
      return house.engine.get(id);
    },
    subscribe: (listener, after) => house.events.subscribe((numbered) => { if (concerns(numbered.owner) || numbered.event.type === 'gap') listener(numbered); }, after),
  };
}

function remoteViewFor(whole: House, client: RemoteClient, logPath: string): CallersView {
  const house: House = { ...whole, visited: true, remote: true };
  return {
    house,
    settings: makeSettings(house, { id: client.fingerprint, refuse: hostOnly }),
    logs: logReader(house, logPath, false),
    operation: (id) => house.engine.get(id),
    subscribe: (listener, after) => house.events.subscribe(listener, after),
    remote: client,
  };
}

function notAuthenticated(): Error {
  return fail('not-authenticated', 'This client is not authenticated with the daemon', { hint: 'say the passphrase that was set there: holdfast authenticate' });
}

function hostOnly(): Error {
  return fail('no-rights', 'this concerns the host that the daemon runs on, so it is not done over the network', { hint: 'do it there' });
}

function rootOnly(): Error {
  return fail('no-rights', 'this concerns everybody who uses this Holdfast, so only root may do it', { hint: 'ask root, or use a home of your own: HOLDFAST_HOME=…' });
}
