/**
 * Listens on TCP, with TLS only, where that was asked for, and knows by his certificate who comes in. Connections then go
 * to the same server as those of the sockets; what they may is not decided here.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { oneAtATime } from '../../core/one-at-a-time.ts';
import { parseTcp, type ServerAddress, type TcpAddress } from '../../core/server-address.ts';
import type { Log } from '../log/log.ts';
import type { RemoteClient, Trust } from '../trust/authenticate.ts';
import type { Connections } from '../trust/client-book.ts';
import { strangers } from './strangers.ts';
import { tlsCallers } from './tls-callers.ts';
import { listenWithTls, type TlsListener, type TlsListenerParts } from './tls-listener.ts';

export interface TlsDoor {
  /** Who opened this connection; undefined for one that did not come over TLS. */
  callerOf(socket: Socket): RemoteClient | undefined;
  /** There and nowhere else from now on; nowhere when undefined. Connections by an address that is left are cut. @throws home-unusable */
  listen(address: TcpAddress | undefined): Promise<void>;
  close(): void;
  /** Those that are open. */
  readonly connections: Connections;
}

export interface TlsDoorParts extends Pick<TlsListenerParts, 'identity' | 'commonName' | 'log'> {
  readonly server: Server;
  readonly trust: Trust;
}

/** Of one source: also a command on a hundred instances has as many in their handshake at once. */
const STRANGERS = { perSource: 100, inAll: 500, lifeMs: 30_000 };

export function tlsDoor({ server, trust, log, ...own }: TlsDoorParts): TlsDoor {
  const callers = tlsCallers();
  const waiting = strangers(STRANGERS);
  let open: TlsListener | undefined;

  const enter = (socket: TLSSocket): void => {
    const client = callers.enter(socket);
    // Nothing can be said to him.
    if (!client) return void socket.destroy();
    if (trust.isTrusted(client)) waiting.release(socket);
    server.emit('connection', socket);
  };

  const openAt = async (address: TcpAddress): Promise<void> => {
    open = await listenWithTls(address, { ...own, log, came: (socket) => waiting.admit(socket), entered: enter });
  };

  const shut = (): void => {
    open?.close();
    open = undefined;
  };

  /** Back to where it was, when it cannot be had. */
  const move = async (address: TcpAddress | undefined): Promise<void> => {
    const before = open?.address;
    shut();
    try {
      if (address) await openAt(address);
    } catch (error) {
      if (before) await openAt(before).catch(() => {});
      throw error;
    }
  };

  // Two at once would leave one open that nobody knows of.
  const inTurn = oneAtATime();
  return {
    callerOf(socket) {
      const client = callers.of(socket);
      if (client && trust.isTrusted(client)) waiting.release(socket);
      return client;
    },
    listen: (address) => inTurn(() => move(address)),
    close: shut,
    connections: callers.connections,
  };
}

/**
 * As the daemon was told when it was started, else as its setting says.
 * @throws home-unusable  where it cannot be done and was asked for at the start; a setting is no reason to serve nobody
 */
export async function listenOnTcp(door: TlsDoor, started: ServerAddress | undefined, setting: string, log: Log): Promise<void> {
  if (started && 'port' in started) return await door.listen(started);
  await door.listen(parseTcp(setting)).catch((error: unknown) => {
    log.line('address', null, error instanceof Error ? error.message : String(error), 'it is said anew by: holdfast set local.address=HOST:PORT');
  });
}
