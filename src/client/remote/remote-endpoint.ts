/** A daemon on another machine: TLS, with the caller's own certificate, to a daemon whose certificate was seen before. */
import { once } from 'node:events';
import { isIP } from 'node:net';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { fail, type HoldfastError } from '../../core/errors.ts';
import { oneAtATime } from '../../core/one-at-a-time.ts';
import { showTcp, type TcpAddress } from '../../core/server-address.ts';
import { ensureIdentity, fingerprintOf } from '../../tls/identity.ts';
import { callersDirectory } from '../callers-directory.ts';
import type { RemoteEndpoint } from '../endpoint.ts';
import { isKnownServer, wasSeen } from './known-servers.ts';

/** To the end of the handshake, where nobody is in more of a hurry. */
const CONNECT_MS = 10_000;
/** An operation that is followed may be silent for long: a peer that is gone is found out by this. */
const KEEPALIVE_MS = 30_000;

export interface RemoteOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told once for a daemon that was never seen before: that its certificate is taken as its own from now on. Left out: to such a one nothing is said. */
  readonly onFirst: ((address: string, fingerprint: string) => void) | undefined;
  readonly connectMs?: number | undefined;
}

export function remoteEndpoint(at: TcpAddress, { env, onFirst, connectMs = CONNECT_MS }: RemoteOptions): RemoteEndpoint {
  const address = showTcp(at);
  // A command may open several connections at once, and one of them is the first.
  const inTurn = oneAtATime();
  const meet = (file: string, fingerprint: string): Promise<void> => inTurn(async () => {
    if (onFirst === undefined) {
      if (!await wasSeen(file, address, fingerprint)) throw unreachable(address, 'it was never seen before');
    } else if (!await isKnownServer(file, address, fingerprint)) onFirst(address, fingerprint);
  });
  return {
    address,
    async connect() {
      const directory = await callersDirectory('client', env);
      const { key, certificate } = ensureIdentity(join(directory, 'identity.pem'), whoWeAre());
      const socket = connect({
        host: at.host, port: at.port, key, cert: certificate, minVersion: 'TLSv1.3',
        // A name cannot be an IP address there.
        ...(isIP(at.host) === 0 ? { servername: at.host } : {}),
        // It has signed its certificate itself: which one it must be is looked at below, before anything is said.
        rejectUnauthorized: false,
      });
      // One that comes while the certificate is looked up would end the program.
      socket.on('error', () => {});
      try {
        await once(socket, 'secureConnect', { signal: AbortSignal.timeout(connectMs) });
        const fingerprint = fingerprintOf(socket.getPeerX509Certificate()?.raw ?? new Uint8Array());
        await meet(join(directory, 'known-servers'), fingerprint);
      } catch (error) {
        // What it still says is nobody's.
        socket.destroy();
        throw named(error, address, connectMs);
      }
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEPALIVE_MS);
      return requireOpen(socket, address);
    },
  };
}

function requireOpen(socket: TLSSocket, address: string): TLSSocket {
  if (!socket.destroyed) return socket;
  throw unreachable(address, 'it has hung up');
}

/** For whoever reads a list of certificates. */
function whoWeAre(): string {
  let user = '';
  try {
    user = `${userInfo().username}@`;
  } catch {
    // A uid without a name.
  }
  return `holdfast ${user}${hostname()}`;
}

const NOBODY: ReadonlySet<string> = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EADDRNOTAVAIL', 'EHOSTDOWN']);

function named(error: unknown, address: string, connectMs: number): Error {
  if (!(error instanceof Error)) return fail('internal', String(error));
  if (error.name === 'HoldfastError') return error;
  if (error.name === 'AbortError') return unreachable(address, `it has not answered for ${connectMs / 1000} s`, error);
  const code = 'code' in error ? String(error.code) : error.message;
  return unreachable(address, NOBODY.has(code) ? `nobody answers there (${code})` : `what listens there does not speak TLS as a daemon does (${code})`, error);
}

/** In the words for a socket, which scripts look for. */
function unreachable(address: string, why: string, cause?: unknown): HoldfastError {
  return fail('daemon-unreachable', 'cannot connect to the holdfast socket', { hint: `${address}: ${why}; its daemon has to be told to listen: local.address`, cause });
}
