/** A web server on loopback that misbehaves as it is told, and remembers what it was asked. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

export interface WebServer extends AsyncDisposable {
  readonly origin: string;
  readonly asked: readonly IncomingMessage[];
  /** What each request from now on meets. */
  behave(behaviour: Behaviour): void;
}

export async function openWebServer(tls?: { readonly key: string; readonly cert: string }): Promise<WebServer> {
  const asked: IncomingMessage[] = [];
  let behaviour: Behaviour = (_, response) => response.writeHead(404).end();
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    asked.push(request);
    behaviour(request, response);
  };
  const server: Server = tls ? createTlsServer(tls, onRequest) : createServer(onRequest);
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `${tls ? 'https' : 'http'}://${tls ? 'localhost' : '127.0.0.1'}:${port}`,
    asked,
    behave(next) { behaviour = next; },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface Content {
  readonly bytes: Buffer;
  readonly etag?: string;
  readonly lastModified?: string;
}

/** As a server should be: conditions, ranges, If-Range. @param cutAfter  bytes of one answer, after which the line is cut */
export function serve({ bytes, etag, lastModified }: Content, cutAfter = Infinity): Behaviour {
  const validators = { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { 'last-modified': lastModified }) };
  return ({ headers }, response) => {
    if (etag !== undefined && headers['if-none-match'] === etag) {
      response.writeHead(304, validators).end();
      return;
    }
    const asked = /^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1];
    const agrees = headers['if-range'] === etag || headers['if-range'] === lastModified;
    const from = asked !== undefined && agrees ? Number(asked) : 0;
    const body = bytes.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, {
      ...validators, 'content-length': body.length, 'accept-ranges': 'bytes',
      ...(from > 0 ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}),
    });
    if (body.length <= cutAfter) response.end(body);
    else response.write(body.subarray(0, cutAfter), () => response.destroy());
  };
}
