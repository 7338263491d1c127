/** Where a daemon is reached: by the path of its socket, or at an address over TLS. */
import type { RequestOptions } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface RemoteEndpoint {
  /** `host:port` */
  readonly address: string;
  /** Resolves once it is certain who is at the other end: nothing is sent before. @throws daemon-unreachable, daemon-changed, home-unusable */
  connect(): Promise<Socket>;
}

export type Endpoint = string | RemoteEndpoint;

type Created = NonNullable<RequestOptions['createConnection']> extends (options: never, created: infer C) => unknown ? C : never;

/** As http.request takes it: a connection of its own for each request. */
export function connectionTo(endpoint: Endpoint): Pick<RequestOptions, 'socketPath' | 'agent' | 'createConnection'> & { readonly servername?: string } {
  // No name for TLS: Node would look whether our host's is an address, by an expression that takes longer to compile than the daemon to answer.
  if (typeof endpoint === 'string') return { socketPath: endpoint, agent: false, servername: '' };
  return {
    // Called back instead of returned: first the certificate is looked at.
    createConnection(_options, created) {
      void tell(endpoint, created);
      return undefined;
    },
  };
}

/** For a WebSocket, which has no other way to take the path of a socket. */
export function connectorTo(endpoint: Endpoint): () => Duplex {
  const { createConnection } = connectionTo(endpoint);
  if (typeof endpoint === 'string') return () => connect(endpoint);
  // Its types know of no call back; it hands what it is given to http.request.
  return createConnection as () => Duplex;
}

async function tell(endpoint: RemoteEndpoint, created: Created): Promise<void> {
  let socket: Socket;
  try {
    socket = await endpoint.connect();
  } catch (error) {
    // With an error there is no socket, whatever the types say.
    return created(error as Error, undefined as never);
  }
  created(null, socket);
}
