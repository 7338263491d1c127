/**
 * Listens on TCP, with TLS only, where that was asked for, and knows by his certificate who comes in. Connections then go
 * to the same server as those of the sockets; what they may is not decided here.
 */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { createServer, type Server as TlsServer, TLSSocket } from 'node:tls';
import { fail } from '../../core/errors.ts';
import { parseTcp, showTcp, type ServerAddress, type TcpAddress } from '../../core/server-address.ts';
import { ensureIdentity, fingerprintOf } from '../../tls/identity.ts';
import type { Log } from '../log/log.ts';
import type { RemoteClient, Trust } from '../trust/authenticate.ts';
import type { Connections } from '../trust/client-book.ts';
import { strangers } from './strangers.ts';

export interface TlsDoor {
  /** Who opened this connection; undefined for one that did not come over TLS. */
  callerOf(socket: Socket): RemoteClient | undefined;
  /** There and nowhere else from now on; nowhere when undefined. Connections by an address that is left are cut. @throws home-unusable */
  listen(address: TcpAddress | undefined): Promise<void>;
  close(): void;
  /** Those that are open. */
  readonly connections: Connections;
}

export interface TlsDoorParts {
  readonly server: Server;
  readonly trust: Trust;
  /** Path of key and certificate; made at the first use. */
  readonly identity: string;
  readonly commonName: string;
  readonly log: (message: string) => void;
}

/** Of a handshake; Node's own is two minutes. */
const HANDSHAKE_MS = 10_000;
const KEEPALIVE_MS = 30_000;
/** Of one source: also a command on a hundred instances has as many in their handshake at once. */
const STRANGERS = { perSource: 100, inAll: 500, lifeMs: 30_000 };

export function tlsDoor({ server, trust, identity, commonName, log }: TlsDoorParts): TlsDoor {
  const callers = new WeakMap<Socket, RemoteClient>();
  const entered = new Map<string, Set<TLSSocket>>();
  const waiting = strangers(STRANGERS);
  let open: { readonly address: TcpAddress; readonly listener: TlsServer; readonly inside: Set<Socket> } | undefined;

  const enter = (socket: TLSSocket): void => {
    const certificate = socket.getPeerX509Certificate();
    // Nothing can be said to somebody whom nothing tells from others.
    if (!certificate) return void socket.destroy();
    const client: RemoteClient = { fingerprint: fingerprintOf(certificate.raw), name: nameIn(certificate), address: socket.remoteAddress ?? '' };
    callers.set(socket, client);
    const same = entered.get(client.fingerprint) ?? new Set();
    entered.set(client.fingerprint, same.add(socket));
    socket.once('close', () => {
      same.delete(socket);
      if (same.size === 0 && entered.get(client.fingerprint) === same) entered.delete(client.fingerprint);
    });
    if (trust.isTrusted(client)) waiting.release(socket);
    server.emit('connection', socket);
  };

  const shut = (): void => {
    open?.listener.close();
    for (const socket of open?.inside ?? []) socket.destroy();
    open = undefined;
  };

  const openAt = async (address: TcpAddress): Promise<void> => {
    const { key, certificate, fingerprint } = ensureIdentity(identity, commonName);
    const inside = new Set<Socket>();
    const listener = createServer({
      key, cert: certificate, minVersion: 'TLSv1.3', handshakeTimeout: HANDSHAKE_MS, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEPALIVE_MS,
      // Everybody's is signed by himself: that he has its key is checked all the same.
      requestCert: true, rejectUnauthorized: false,
    });
    listener.on('connection', (socket: Socket) => {
      inside.add(socket);
      socket.once('close', () => inside.delete(socket));
      // Of what is no TLS: nobody's trouble but his.
      socket.on('error', () => {});
      waiting.admit(socket);
    });
    listener.on('secureConnection', enter);
    try {
      listener.listen(address.port, address.host);
      await once(listener, 'listening');
    } catch (error) {
      throw fail('home-unusable', `cannot listen on ${showTcp(address)}: ${error instanceof Error ? error.message : String(error)}`, { hint: 'see who has it, or choose another address', cause: error });
    }
    listener.on('error', (error) => log(`trouble on ${showTcp(address)}: ${error.message}`));
    open = { address, listener, inside };
    log(`listens on ${showTcp(address)}, with the certificate ${fingerprint}`);
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

  let last: Promise<void> = Promise.resolve();
  return {
    callerOf(socket) {
      const client = callers.get(socket);
      // Whoever is not known must not pass for the daemon's own user.
      if (!client && socket instanceof TLSSocket) throw fail('not-authenticated', 'This connection belongs to nobody');
      if (client && trust.isTrusted(client)) waiting.release(socket);
      return client;
    },
    listen(address) {
      // One after another: two at once would leave one open that nobody knows of.
      const turn = last.then(async () => await move(address));
      last = turn.catch(() => {});
      return turn;
    },
    close: shut,
    connections: {
      countOf: (fingerprint) => entered.get(fingerprint)?.size ?? 0,
      end(fingerprint) {
        const sockets = [...entered.get(fingerprint) ?? []];
        for (const socket of sockets) socket.destroy();
        return sockets.length;
      },
    },
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

function nameIn({ subject }: X509Certificate): string {
  return /^CN=(.*)$/m.exec(subject ?? '')?.[1] ?? '';
}
