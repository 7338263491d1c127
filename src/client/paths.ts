/**
 * Method and path of each route, again: the table in api/routes.ts carries schemas, and loading those costs the CLI
 * more than everything else it does. The compiler holds this table equal to that one.
 */
import type { RouteName, ROUTES } from '../api/routes.ts';

export const PATHS: { readonly [N in RouteName]: Pick<(typeof ROUTES)[N], 'method' | 'path'> } = {
  version: { method: 'GET', path: '/v1/version' },
  authenticate: { method: 'POST', path: '/v1/authenticate' },
  listClients: { method: 'GET', path: '/v1/clients' },
  forgetClient: { method: 'DELETE', path: '/v1/clients/:client' },
  listInstances: { method: 'GET', path: '/v1/instances' },
  getInstance: { method: 'GET', path: '/v1/instances/:name' },
  launch: { method: 'POST', path: '/v1/instances' },
  act: { method: 'POST', path: '/v1/instances/:name/actions' },
  attachCard: { method: 'POST', path: '/v1/instances/:name/cards' },
  detachCard: { method: 'DELETE', path: '/v1/instances/:name/cards/:card' },
  getNetwork: { method: 'GET', path: '/v1/instances/:name/network' },
  planNetwork: { method: 'POST', path: '/v1/instances/:name/network/plan' },
  changeNetwork: { method: 'POST', path: '/v1/instances/:name/network' },
  decideNetwork: { method: 'POST', path: '/v1/instances/:name/network/decision' },
  networkHistory: { method: 'GET', path: '/v1/instances/:name/network/revisions' },
  networkDiff: { method: 'GET', path: '/v1/instances/:name/network/revisions/:from/diff' },
  listNetworks: { method: 'GET', path: '/v1/networks' },
  createNetwork: { method: 'POST', path: '/v1/networks' },
  deleteNetwork: { method: 'DELETE', path: '/v1/networks/:name' },
  clone: { method: 'POST', path: '/v1/instances/:name/clone' },
  listSnapshots: { method: 'GET', path: '/v1/snapshots' },
  takeSnapshot: { method: 'POST', path: '/v1/instances/:name/snapshots' },
  restoreSnapshot: { method: 'POST', path: '/v1/instances/:name/snapshots/:snapshot/restore' },
  deleteSnapshot: { method: 'DELETE', path: '/v1/instances/:name/snapshots/:snapshot' },
  listZones: { method: 'GET', path: '/v1/zones' },
  changeZones: { method: 'POST', path: '/v1/zones' },
  mount: { method: 'POST', path: '/v1/instances/:name/mounts' },
  unmount: { method: 'DELETE', path: '/v1/instances/:name/mounts' },
  purge: { method: 'POST', path: '/v1/purge' },
  exec: { method: 'GET', path: '/v1/instances/:name/exec' },
  proxy: { method: 'GET', path: '/v1/instances/:name/proxy' },
  console: { method: 'GET', path: '/v1/instances/:name/console' },
  getSshAccess: { method: 'GET', path: '/v1/instances/:name/ssh' },
  getOperation: { method: 'GET', path: '/v1/operations/:id' },
  followOperation: { method: 'GET', path: '/v1/operations/:id/events' },
  cancelOperation: { method: 'DELETE', path: '/v1/operations/:id' },
  events: { method: 'GET', path: '/v1/events' },
  listImages: { method: 'GET', path: '/v1/images' },
  findImages: { method: 'GET', path: '/v1/images/published' },
  buildImage: { method: 'POST', path: '/v1/images/build' },
  uploadImage: { method: 'POST', path: '/v1/images/upload' },
  listTemplates: { method: 'GET', path: '/v1/templates' },
  buildTemplate: { method: 'POST', path: '/v1/templates' },
  deleteTemplate: { method: 'DELETE', path: '/v1/templates/:key' },
  listSettings: { method: 'GET', path: '/v1/settings' },
  getSetting: { method: 'GET', path: '/v1/settings/:key' },
  putSetting: { method: 'PUT', path: '/v1/settings/:key' },
  diagnoseHost: { method: 'GET', path: '/v1/doctor' },
  mendHost: { method: 'POST', path: '/v1/doctor/mend' },
  diagnoseInstance: { method: 'GET', path: '/v1/instances/:name/doctor' },
  mendInstance: { method: 'POST', path: '/v1/instances/:name/doctor/mend' },
  logs: { method: 'GET', path: '/v1/logs' },
};

export type Parameters = Readonly<Record<string, string | undefined>>;

/** @returns the path with `:name` filled in and the query appended, all percent-encoded */
export function pathOf(route: RouteName, params: Parameters = {}, query: Parameters = {}): string {
  const filled = PATHS[route].path.replace(/:([a-z]+)/g, (_, key: string) => encodeURIComponent(params[key] ?? ''));
  const asked = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return asked.length === 0 ? filled : `${filled}?${new URLSearchParams(asked).toString()}`;
}
