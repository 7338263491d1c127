/** Takes the upgrades: which socket is asked for, and of which instance. Who may not ask is refused as by any route, and not listened to. */
import { STATUS_CODES, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { ROUTES, type RouteName } from '../../api/routes.ts';
import { MAX_FRAME_BYTES } from '../../api/frames.ts';
import { LONGEST_NAME } from '../../api/schema-parts.ts';
import { ERROR_CODES, errorRecord, fail } from '../../core/errors.ts';
import type { CallersView } from '../callers.ts';
import type { Identify } from './server.ts';

export type SocketRoute = { [N in RouteName]: (typeof ROUTES)[N] extends { readonly stream: 'socket' } ? N : never }[RouteName];

export type SocketHandlers = Readonly<Record<SocketRoute, (websocket: WebSocket, instance: string, caller: CallersView) => Promise<void>>>;

export function mountSockets(server: Server, identify: Identify, handlers: SocketHandlers): void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES + 1, perMessageDeflate: false });
  const routes = (Object.keys(handlers) as SocketRoute[]).map((name) => ({ name, pattern: patternOf(ROUTES[name].path), serve: handlers[name] }));
  server.on('upgrade', (request, socket, head) => {
    // From here on the socket is nobody's but ours: a client that has hung up already must not end the daemon.
    socket.on('error', () => {});
    try {
      for (const { name, pattern, serve } of routes) {
        const found = pattern.exec(request.url ?? '');
        if (!found) continue;
        const caller = identify(request.socket, name);
        return sockets.handleUpgrade(request, socket, head, (websocket) => void serve(websocket, safeDecode(found[1] ?? ''), caller));
      }
      throw fail('not-found', `there is no socket ${(request.url ?? '').slice(0, 200)} here`, { hint: 'see /openapi.json' });
    } catch (error) {
      refuse(socket, error);
    }
  });
}

function refuse(socket: Duplex, error: unknown): void {
  const record = errorRecord(error);
  const body = JSON.stringify(record);
  const status = ERROR_CODES[record.code].http;
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

/** Not parsed as a URL: what comes here can be no URL at all. */
function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(':name', `([^/?]{0,${9 * LONGEST_NAME}})`)}(?:\\?|$)`);
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
