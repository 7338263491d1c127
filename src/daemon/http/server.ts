/** Mounts the route table. Handlers return values; errors are worded in one place. */
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import swagger from '@fastify/swagger';
import { ROUTES, type Route, type RouteName } from '../../api/routes.ts';
import { LONGEST_NAME } from '../../api/schema-parts.ts';
import { ERROR_CODES, errorRecord, fail, HoldfastError } from '../../core/errors.ts';
import type { CallersView } from '../callers.ts';
import type { SocketRoute } from './sockets.ts';

export interface Call {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** What a handler returns is the answer; a stream's handler has written to `call.reply` itself and returns nothing. */
export type Handler = (call: Call, caller: CallersView) => unknown;
/** Sockets are not here: see sockets.ts. */
export type Handlers = Readonly<Record<Exclude<RouteName, SocketRoute>, Handler>>;

/** Who asks, by the connection that he came in on. @throws no-rights, not-authenticated  the route is not for him */
export type Identify = (socket: Socket, route: RouteName) => CallersView;

/** Bodies are small; cloud-init data is the largest (2 MB as base64). Uploads are streamed and have their own route. */
const BODY_LIMIT = 4 * 1024 * 1024;

export async function buildServer(handlers: Handlers, identify: Identify, version: string, onBug: (error: unknown, what: string) => void): Promise<FastifyInstance> {
  const server = fastify({
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: true,
    // A name, percent-encoded; what is longer is no name of anything.
    routerOptions: { maxParamLength: 9 * LONGEST_NAME },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
  });
  await server.register(swagger, { openapi: { openapi: '3.1.0', info: { title: 'Holdfast', version, license: { name: 'Apache-2.0' } } } });
  server.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
  server.setErrorHandler((error, request, reply) => {
    const shown = asHoldfastError(error);
    if (!(shown instanceof HoldfastError)) onBug(error, `${request.method} ${request.routeOptions.url ?? 'nowhere'}`);
    const record = errorRecord(shown);
    void reply.code(ERROR_CODES[record.code].http).send(record);
  });
  server.setNotFoundHandler((request) => { throw fail('not-found', `there is no ${request.method} ${request.url.slice(0, 200)} here`, { hint: 'see /openapi.json' }); });
  server.get('/openapi.json', { schema: { hide: true } }, ({ socket }) => {
    identify(socket, 'listInstances');
    return server.swagger();
  });
  for (const [name, handler] of Object.entries(handlers) as [Exclude<RouteName, SocketRoute>, Handler][]) mount(server, name, handler, identify);
  return server;
}

function mount(server: FastifyInstance, name: Exclude<RouteName, SocketRoute>, handler: Handler, identify: Identify): void {
  const route: Route = ROUTES[name];
  server.route({
    method: route.method,
    url: route.path,
    ...(route.stream === 'upload' ? { bodyLimit: Number.MAX_SAFE_INTEGER } : route.bodyLimit === undefined ? {} : { bodyLimit: route.bodyLimit }),
    // Before the body is read: who may not ask is not listened to.
    onRequest: (request, _reply, done) => {
      identify(request.socket, name);
      done();
    },
    schema: {
      operationId: name,
      summary: route.summary,
      ...(route.params ? { params: route.params } : {}),
      ...(route.query ? { querystring: route.query } : {}),
      ...(route.body ? { body: route.body } : {}),
      ...(route.answer ? { response: { [route.status ?? 200]: route.answer } } : {}),
    },
    handler: async (request, reply) => {
      const answer: unknown = await handler({
        params: request.params as Record<string, string>, query: request.query as Record<string, string>, body: request.body, request, reply,
      }, identify(request.socket, name));
      if (route.stream === 'events') return reply;
      if (route.status) void reply.code(route.status);
      return answer;
    },
  });
}

/** fastify's own refusals (bad JSON, a body that does not fit its schema) are the client's mistakes, not bugs. */
function asHoldfastError(error: unknown): unknown {
  if (error instanceof HoldfastError || !(error instanceof Error)) return error;
  const status = 'statusCode' in error ? Number(error.statusCode) : 0;
  return status >= 400 && status < 500 ? fail('bad-argument', error.message, { cause: error }) : error;
}
