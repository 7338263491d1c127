/** What is asked of the daemon itself: who it is, whom it lets in, its settings, its log, its doctor. */
import { API_VERSION } from '../../../api/routes.ts';
import type { WireSettingWish } from '../../../api/schemas.ts';
import type { Doctor } from '../../doctor/doctor.ts';
import type { Trust } from '../../trust/authenticate.ts';
import type { ClientBook } from '../../trust/client-book.ts';
import type { Updates } from '../../updates.ts';
import { untilLeft } from '../client-left.ts';
import type { Handlers } from '../server.ts';

export interface Itself {
  readonly version: string;
  readonly home: string;
  readonly updates: Updates;
}

export function daemonHandlers({ version, home, updates }: Itself): Pick<Handlers, 'version' | 'listSettings' | 'getSetting' | 'putSetting' | 'logs'> {
  return {
    // Where the daemon lies on its host is nothing to others.
    version: (_call, { house, remote }) => ({ daemon: version, api: API_VERSION, driver: house.driver.name, home: remote ? '' : home, pid: remote ? 0 : process.pid, ...(updates.notice ? { update: { ...updates.notice } } : {}) }),
    listSettings: (_call, { settings }) => ({ settings: settings.all() }),
    getSetting: ({ params }, { settings }) => settings.get(params['key'] ?? ''),
    putSetting: async ({ params, body }, { settings }) => await settings.set(params['key'] ?? '', body as WireSettingWish),
    logs: async ({ query, reply }, { logs }) => {
      void reply.type('text/plain; charset=utf-8');
      return await logs.tail(query['name'], query['only'] === 'console');
    },
  };
}

export function trustHandlers(trust: Trust, clients: ClientBook): Pick<Handlers, 'authenticate' | 'listClients' | 'forgetClient'> {
  return {
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
  };
}

export function doctorHandlers(doctor: Doctor): Pick<Handlers, 'diagnoseHost' | 'mendHost' | 'diagnoseInstance' | 'mendInstance'> {
  return {
    diagnoseHost: async ({ reply }, { house }) => await doctor.host(house, false, untilLeft(reply)),
    mendHost: async ({ reply }, { house }) => await doctor.host(house, true, untilLeft(reply)),
    diagnoseInstance: async ({ params, reply }, { house }) => await doctor.instance(house, params['name'] ?? '', false, untilLeft(reply)),
    mendInstance: async ({ params, reply }, { house }) => await doctor.instance(house, params['name'] ?? '', true, untilLeft(reply)),
  };
}
