/** Takes the upgrades: which socket is asked for, and of which instance. */
import type { Server } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import { ROUTES, type RouteName } from '../../api/routes.ts';
import { MAX_FRAME_BYTES } from '../../api/frames.ts';
import type { CallersView } from '../callers.ts';
import type { Identify } from './server.ts';

export type SocketRoute = { [N in RouteName]: (typeof ROUTES)[N] extends { readonly stream: 'socket' } ? N : never }[RouteName];

/** @param caller  who asks; throws no-rights when the route is not for him */
export type SocketHandlers = Readonly<Record<SocketRoute, (websocket: WebSocket, instance: string, caller: () => CallersView) => Promise<void>>>;

export function mountSockets(server: Server, identify: Identify, handlers: SocketHandlers): void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES + 1, perMessageDeflate: false });
  const routes = (Object.keys(handlers) as SocketRoute[]).map((name) => ({ name, pattern: patternOf(ROUTES[name].path), serve: handlers[name] }));
  server.on('upgrade', (request, socket, head) => {
    for (const { name, pattern, serve } of routes) {
      const found = pattern.exec(request.url ?? '');
      if (found) return sockets.handleUpgrade(request, socket, head, (websocket) => void serve(websocket, safeDecode(found[1] ?? ''), () => identify(request.socket, name)));
    }
    // From here on the socket is nobody's but ours: a client that has hung up already must not end the daemon.
    socket.on('error', () => {});
    return void socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
  });
}

/** Not parsed as a URL: what comes here can be no URL at all. */
function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(':name', '([^/?]{1,192})')}(?:\\?|$)`);
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
