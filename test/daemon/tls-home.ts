/** A daemon with fake machines that listens on TCP, and clients of it that have certificates of their own. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type Client } from '../../src/client/client.ts';
import { remoteEndpoint } from '../../src/client/remote/remote-endpoint.ts';
import { makeFakeHome, type FakeHome } from './fake-home.ts';

export interface TlsHome extends AsyncDisposable {
  readonly home: FakeHome;
  readonly port: number;
  /** A client with its own directory: another person on another machine. */
  client(): Promise<Client & { readonly directory: string; readonly firsts: string[] }>;
  set(key: string, value: string): Promise<void>;
}

export async function makeTlsHome(): Promise<TlsHome> {
  const home = await makeFakeHome();
  await home.start();
  const port = await freePort();
  const directories: string[] = [];
  const set = async (key: string, value: string): Promise<void> => { await home.client.call('putSetting', { params: { key }, body: { value } }); };
  return {
    home, port, set,
    async client() {
      const directory = await mkdtemp(join(tmpdir(), 'hf-tls-'));
      directories.push(directory);
      const firsts: string[] = [];
      const endpoint = remoteEndpoint({ host: '127.0.0.1', port }, { env: { HOLDFAST_HOME: directory }, onFirst: (_address, fingerprint) => firsts.push(fingerprint) });
      return Object.assign(createClient(endpoint, () => Promise.resolve()), { directory, firsts });
    },
    async [Symbol.asyncDispose]() {
      await home[Symbol.asyncDispose]();
      for (const directory of directories) await rm(directory, { recursive: true, force: true });
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
