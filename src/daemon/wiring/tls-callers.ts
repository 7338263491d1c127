/** Who is at the other end of each TLS connection, by his certificate, and how many he has open. */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { fail } from '../../core/errors.ts';
import { fingerprintOf } from '../../tls/identity.ts';
import type { RemoteClient } from '../trust/authenticate.ts';
import type { Connections } from '../trust/client-book.ts';

export interface TlsCallers {
  /** @returns undefined for somebody whom nothing tells from others */
  enter(socket: TLSSocket): RemoteClient | undefined;
  /** Who opened this connection; undefined for one that did not come over TLS. @throws not-authenticated  it did, and nobody is known to have */
  of(socket: Socket): RemoteClient | undefined;
  /** Those that are open. */
  readonly connections: Connections;
}

export function tlsCallers(): TlsCallers {
  const callers = new WeakMap<Socket, RemoteClient>();
  const entered = new Map<string, Set<TLSSocket>>();
  return {
    enter(socket) {
      const certificate = socket.getPeerX509Certificate();
      if (!certificate) return undefined;
      const client: RemoteClient = { fingerprint: fingerprintOf(certificate.raw), name: nameIn(certificate), address: socket.remoteAddress ?? '' };
      callers.set(socket, client);
      const same = entered.get(client.fingerprint) ?? new Set();
      entered.set(client.fingerprint, same.add(socket));
      socket.once('close', () => {
        same.delete(socket);
        if (same.size === 0 && entered.get(client.fingerprint) === same) entered.delete(client.fingerprint);
      });
      return client;
    },
    of(socket) {
      const client = callers.get(socket);
      // Whoever is not known must not pass for the daemon's own user.
      if (!client && socket instanceof TLSSocket) throw fail('not-authenticated', 'This connection belongs to nobody');
      return client;
    },
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

function nameIn({ subject }: X509Certificate): string {
  return /^CN=(.*)$/m.exec(subject ?? '')?.[1] ?? '';
}
