/** Images, and the templates that are made of them. */
import type { Readable } from 'node:stream';
import { buildTemplate, deleteTemplate, listTemplates, type TemplateRequest } from '../../templates.ts';
import { untilLeft } from '../client-left.ts';
import type { Handlers } from '../server.ts';

export const IMAGES = {
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
} satisfies Partial<Handlers>;
