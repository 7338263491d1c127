/** Listens with TLS on one address, for whoever shows a certificate of his own. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { fail } from '../../core/errors.ts';
import { showTcp, type TcpAddress } from '../../core/server-address.ts';
import { ensureIdentity } from '../../tls/identity.ts';

export interface TlsListenerParts {
  /** Path of key and certificate; made at the first use. */
  readonly identity: string;
  readonly commonName: string;
  /** Of each connection, before it has said anything. */
  readonly came: (socket: Socket) => void;
  /** Its handshake is done. */
  readonly entered: (socket: TLSSocket) => void;
  readonly log: (message: string) => void;
}

export interface TlsListener {
  readonly address: TcpAddress;
  /** All who came in here are cut. */
  close(): void;
}

/** Of a handshake; Node's own is two minutes. */
const HANDSHAKE_MS = 10_000;
const KEEPALIVE_MS = 30_000;

/** @throws home-unusable */
export async function listenWithTls(address: TcpAddress, { identity, commonName, came, entered, log }: TlsListenerParts): Promise<TlsListener> {
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
    came(socket);
  });
  listener.on('secureConnection', entered);
  try {
    listener.listen(address.port, address.host);
    await once(listener, 'listening');
  } catch (error) {
    throw fail('home-unusable', `cannot listen on ${showTcp(address)}: ${error instanceof Error ? error.message : String(error)}`, { hint: 'see who has it, or choose another address', cause: error });
  }
  listener.on('error', (error) => log(`trouble on ${showTcp(address)}: ${error.message}`));
  log(`listens on ${showTcp(address)}, with the certificate ${fingerprint}`);
  return {
    address,
    close() {
      listener.close();
      for (const socket of inside) socket.destroy();
    },
  };
}
