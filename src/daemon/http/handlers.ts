/** What each route does, one line where possible: the work is elsewhere. */
import type { WireAction, WireLaunch } from '../../api/schemas.ts';
import { API_VERSION } from '../../api/routes.ts';
import type { Readable } from 'node:stream';
import { act, purge } from '../instances/actions.ts';
import type { House } from '../instances/house.ts';
import { launch } from '../instances/launch.ts';
import type { LogReader } from '../log-reader.ts';
import type { Settings } from '../settings.ts';
import { buildTemplate, deleteTemplate, listTemplates, type TemplateRequest } from '../templates.ts';
import { viewOf } from '../view.ts';
import { openEventStream } from './event-stream.ts';
import type { Handlers } from './server.ts';

export interface HandlerParts {
  readonly house: House;
  readonly settings: Settings;
  readonly logs: LogReader;
  readonly version: string;
  readonly home: string;
}

export function makeHandlers({ house, settings, logs, version, home }: HandlerParts): Handlers {
  const { registry, engine, images } = house;
  return {
    version: () => ({ daemon: version, api: API_VERSION, driver: house.driver.name, home, pid: process.pid }),
    listInstances: () => ({ instances: registry.all.map(viewOf) }),
    getInstance: ({ params }) => viewOf(registry.require(params['name'] ?? '')),
    launch: async ({ body }) => await launch(house, body as WireLaunch),
    act: ({ params, body }) => act(house, params['name'] ?? '', body as WireAction),
    purge: () => purge(house),
    getOperation: ({ params }) => engine.get(params['id'] ?? ''),
    cancelOperation: async ({ params }) => await engine.cancel(params['id'] ?? ''),
    followOperation: ({ params, reply }) => {
      const id = params['id'] ?? '';
      engine.get(id);
      let stop = () => {};
      const stream = openEventStream(reply, () => stop());
      stop = engine.follow(id, (record) => {
        stream.send(record);
        if (record.status !== 'running') stream.end();
      });
    },
    events: ({ request, reply }) => {
      const after = Number(request.headers['last-event-id'] ?? Number.NaN);
      let stop = () => {};
      const stream = openEventStream(reply, () => stop());
      stop = house.events.subscribe(({ id, event }) => stream.send(event, id), Number.isSafeInteger(after) ? after : undefined);
    },
    listImages: async () => ({ images: await images.list() }),
    buildImage: ({ body }) => {
      const { target, force } = body as { target: string; force?: boolean };
      return images.build(target, force ?? false);
    },
    uploadImage: async ({ query, body, request }) => {
      const abort = new AbortController();
      request.raw.on('aborted', () => abort.abort());
      return await images.upload(body as Readable, query['name'] ?? '', abort.signal);
    },
    listTemplates: async () => ({ templates: await listTemplates(house) }),
    buildTemplate: async ({ body }) => await buildTemplate(house, body as TemplateRequest),
    deleteTemplate: async ({ params }) => {
      await deleteTemplate(house, params['key'] ?? '');
      return {};
    },
    listSettings: () => ({ settings: settings.all() }),
    getSetting: ({ params }) => settings.get(params['key'] ?? ''),
    putSetting: async ({ params, body }) => await settings.set(params['key'] ?? '', (body as { value: string }).value),
    logs: async ({ query, reply }) => {
      void reply.type('text/plain; charset=utf-8');
      return await logs.tail(query['name']);
    },
  };
}
