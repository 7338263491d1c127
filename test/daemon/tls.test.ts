/** A daemon on TCP: who is let in, who is not, and what disturbs nobody. */
import { once } from 'node:events';
import { mkdir, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROUTES, type RouteName } from '../../src/api/routes.ts';
import type { Client } from '../../src/client/client.ts';
import { openExec } from '../../src/client/exec-socket.ts';
import { send, textOf } from '../../src/client/request.ts';
import { openStream } from '../../src/client/stream-socket.ts';
import { ACCESS } from '../../src/daemon/callers.ts';
import { ensureIdentity } from '../../src/tls/identity.ts';
import { inGuest, tinyDisk } from './fake-home.ts';
import { makeTlsHome, type TlsHome } from './tls-home.ts';
import { waitFor } from '../real/home.ts';

type RemoteClient = Awaited<ReturnType<TlsHome['client']>>;

let tls: TlsHome;
let ann: RemoteClient;
const PASSPHRASE = 'correct horse battery';
const address = () => `127.0.0.1:${tls.port}`;
const authenticate = async (client: RemoteClient, passphrase?: string): Promise<string> =>
  (await client.call('authenticate', { body: passphrase === undefined ? {} : { passphrase } })).standing;
const accepts = async (): Promise<boolean> => {
  const socket = connect(tls.port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
};
const raw = async (options: ConnectionOptions = {}): Promise<TLSSocket> => {
  const socket = connectTls({ host: '127.0.0.1', port: tls.port, rejectUnauthorized: false, ...options });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
};
const closed = async (socket: Socket): Promise<void> => {
  socket.resume();
  if (!socket.destroyed) await once(socket, 'close', { signal: AbortSignal.timeout(20_000) });
};

beforeAll(async () => {
  tls = await makeTlsHome();
  ann = await tls.client();
}, 60_000);
afterAll(() => tls[Symbol.asyncDispose](), 60_000);

test('nothing listens on TCP until that is asked for, and then at once', { timeout: 60_000 }, async () => {
  const pid = (await tls.home.client.call('version', {})).pid;
  const listening = (await Promise.all(['tcp', 'tcp6'].map((each) => readFile(`/proc/${pid}/net/${each}`, 'utf8')))).join('\n').split('\n').map((line) => line.trim().split(/\s+/)).filter(([, , , state]) => state === '0A').map((fields) => fields[9]);
  const own = await Promise.all((await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  const isOwn = (inode = ''): boolean => own.includes(`socket:[${inode}]`);
  expect(own.some((name) => name.startsWith('socket:'))).toBe(true);
  expect(listening.filter(isOwn)).toEqual([]);
  await expect(tls.set('local.address', 'here')).rejects.toMatchObject({ code: 'bad-setting' });
  await expect(tls.set('local.address', '192.0.2.1:50051')).rejects.toMatchObject({ code: 'home-unusable', message: expect.stringContaining('cannot listen on 192.0.2.1:50051') });
  expect((await tls.home.client.call('getSetting', { params: { key: 'local.address' } })).value).toBe('');
  await tls.set('local.address', address());
  expect(await accepts()).toBe(true);
  expect((await stat(join(tls.home.directory, 'daemon-identity.pem'))).mode & 0o777).toBe(0o600);
});

test('who is not authenticated is told so, by every route that is not open, and without a passphrase nobody can be', { timeout: 60_000 }, async () => {
  const closedRoutes = (Object.keys(ROUTES) as RouteName[]).filter((name) => ACCESS[name] !== 'open' && !('stream' in ROUTES[name] && ROUTES[name].stream === 'socket'));
  for (const name of closedRoutes) {
    const { method, path } = ROUTES[name];
    await expect(send({ socket: ann.socket, method, path: path.replace(/:[a-z]+/g, 'x') }), name).rejects.toMatchObject({ code: 'not-authenticated' });
  }
  await expect(send({ socket: ann.socket, method: 'GET', path: '/openapi.json' })).rejects.toMatchObject({ code: 'not-authenticated' });
  await expect(inGuest({ ...tls.home, client: ann }, 'apollo', ['true'])).rejects.toMatchObject({ code: 'not-authenticated' });
  for (const route of ['proxy', 'console'] as const) {
    const { over } = await openStream(ann.socket, route, 'apollo', { output: () => true, started: () => {}, progress: () => {}, ended: () => {} });
    await expect(over, route).rejects.toMatchObject({ code: 'not-authenticated' });
  }
  // Before he is spoken to in frames, of which he could send long ones.
  const { key, certificate } = ensureIdentity(join(ann.directory, 'client/identity.pem'), '');
  for (const route of ['exec', 'proxy', 'console', 'nothing']) {
    const socket = await raw({ key, cert: certificate });
    socket.write(`GET /v1/instances/apollo/${route} HTTP/1.1\r\nHost: holdfast\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
    expect((await text(socket)).split('\r\n')[0], route).toBe(route === 'nothing' ? 'HTTP/1.1 404 Not Found' : 'HTTP/1.1 401 Unauthorized');
  }
  // Of the daemon's place on its host nothing is said.
  expect(await ann.call('version', {})).toMatchObject({ home: '', pid: 0 });
  expect(ann.firsts).toHaveLength(1);
  expect(await authenticate(ann)).toBe('unknown');
  await expect(authenticate(ann, PASSPHRASE)).rejects.toMatchObject({ code: 'not-authenticated', message: expect.stringContaining('No passphrase is set') });
});

test('a wrong passphrase does not, the right one does let in, for good: after a change of it, and by the next daemon', { timeout: 60_000 }, async () => {
  await tls.set('local.passphrase', PASSPHRASE);
  await expect(authenticate(ann, `${PASSPHRASE} `)).rejects.toMatchObject({ code: 'wrong-passphrase', message: 'Passphrase is not correct' });
  await expect(ann.call('listInstances', {})).rejects.toMatchObject({ code: 'not-authenticated' });
  expect(await authenticate(ann, PASSPHRASE)).toBe('accepted');
  expect((await ann.call('listInstances', {})).instances).toEqual([]);
  await tls.set('local.passphrase', '');
  expect([await authenticate(ann), await authenticate(ann, 'anything')]).toEqual(['known', 'known']);
  await tls.home.kill();
  await tls.home.start();
  await waitFor('the daemon to listen', accepts, 20_000);
  expect((await ann.call('listInstances', {})).instances).toEqual([]);
  expect(ann.firsts).toHaveLength(1);
  await tls.set('local.passphrase', PASSPHRASE);
});

test('launch, its events, exec both ways and an upload work as over the socket', { timeout: 60_000 }, async () => {
  const { id } = await ann.call('launch', { body: { name: 'apollo', image: `sha256:${tls.home.image}`, cold: true } });
  const stages: string[] = [];
  expect((await ann.follow(id, ({ stage }) => stages.push(stage))).status).toBe('done');
  expect(stages.length).toBeGreaterThan(1);
  expect(await inGuest({ ...tls.home, client: ann }, 'apollo', ['cat'], 'over TLS\n')).toBe('over TLS\n');
  const megabyte = 'x'.repeat(1024 * 1024);
  expect((await inGuest({ ...tls.home, client: ann }, 'apollo', ['cat'], megabyte)).length).toBe(megabyte.length);
  const disk = tinyDisk();
  expect((await ann.upload('tiny.raw', Readable.from([disk]), disk.length)).digest).toBe(tls.home.image);
  // The daemon's own user and he see the same.
  expect((await tls.home.client.call('listInstances', {})).instances.map(({ name }) => name)).toEqual(['apollo']);
});

test('what concerns the host is refused over the network, whoever asks', async () => {
  for (const name of (Object.keys(ROUTES) as RouteName[]).filter((each) => ACCESS[each] === 'root' || ACCESS[each] === 'local')) {
    const { method, path } = ROUTES[name];
    await expect(send({ socket: ann.socket, method, path: path.replace(/:[a-z]+/g, 'x') }), name).rejects.toMatchObject({ code: 'no-rights', message: expect.stringContaining('not done over the network') });
  }
  // A file of the host would be read by the daemon.
  for (const [key, value] of [['local.image.keys', '/etc/shadow'], ['local.passphrase', 'mine'], ['local.address', '']] as const) {
    await expect(ann.call('putSetting', { params: { key }, body: { value } })).rejects.toMatchObject({ code: 'no-rights' });
  }
  await expect(ann.logs(undefined)).rejects.toMatchObject({ code: 'no-rights' });
  await ann.call('putSetting', { params: { key: 'client.primary-name' }, body: { value: 'apollo' } });
  expect((await tls.home.client.call('getSetting', { params: { key: 'client.primary-name' } })).value).toBe('primary');
});

test('over the network no mount comes back that was taken away there, none goes, and a clone has none', { timeout: 60_000 }, async () => {
  const { client, directory } = tls.home;
  const ended = async (by: Client, begun: Promise<{ id: string }>) => await by.follow((await begun).id, () => {});
  const mounts = async (name = 'apollo') => (await client.call('getInstance', { params: { name } })).mounts?.map(({ target }) => target);
  const restore = async (by: Client, snapshot: string) => await ended(by, by.call('restoreSnapshot', { params: { name: 'apollo', snapshot }, body: { destructive: true } }));
  const source = join(directory, 'shared');
  await mkdir(source);
  await ended(client, client.call('act', { params: { name: 'apollo' }, body: { action: 'stop' } }));
  await ended(client, client.call('takeSnapshot', { params: { name: 'apollo' }, body: { name: 'without' } }));
  await ended(client, client.call('mount', { params: { name: 'apollo' }, body: { source, target: '/shared' } }));
  await ended(client, client.call('takeSnapshot', { params: { name: 'apollo' }, body: { name: 'with' } }));
  expect((await restore(ann, 'without')).error).toBeNull();
  expect(await mounts()).toEqual(['/shared']);
  expect(await ended(ann, ann.call('clone', { params: { name: 'apollo' }, body: { name: 'twin' } }))).toMatchObject({ status: 'done', notices: [expect.stringContaining('the mounts at /shared')] });
  expect(await mounts('twin')).toBeUndefined();
  await ended(client, client.call('unmount', { params: { name: 'apollo' }, query: {} }));
  expect(await restore(ann, 'with')).toMatchObject({ status: 'done', notices: [expect.stringContaining('the mounts at /shared')] });
  expect(await mounts()).toBeUndefined();
  await restore(client, 'with');
  expect(await mounts()).toEqual(['/shared']);
  await ended(client, client.call('unmount', { params: { name: 'apollo' }, query: {} }));
  await ended(ann, ann.call('act', { params: { name: 'twin' }, body: { action: 'delete', purge: true } }));
});

test('over the network a card is put on a bridge of the host only where that was chosen for instances', { timeout: 60_000 }, async () => {
  const attach = async (network: string) => await ann.follow((await ann.call('attachCard', { params: { name: 'apollo' }, body: { network } })).id, () => {});
  const listed = async (client: Client = ann) => await client.call('listNetworks', {}).then(({ networks, leftOut }) => [...networks.map(({ name }) => name), ...(leftOut === undefined ? [] : ['left out'])]);
  for (const network of ['br0', 'eth0', 'eth1']) await expect(attach(network), network).rejects.toMatchObject({ code: 'no-rights' });
  expect(await listed()).toEqual(['holdfast', 'left out']);
  expect(await listed(tls.home.client)).toEqual(['br0', 'eth0', 'eth1', 'eth2', 'eth3', 'holdfast']);
  await tls.set('local.bridged-network', 'eth0');
  expect(await listed()).toEqual(['eth0', 'holdfast', 'left out']);
  await tls.set('local.bridged-network', 'br0');
  expect(await listed()).toEqual(['br0', 'eth0', 'holdfast', 'left out']);
  for (const network of ['br0', 'eth0', 'bridged', 'holdfast']) expect((await attach(network)).error, network).toBeNull();
  await expect(ann.call('putSetting', { params: { key: 'local.bridged-network' }, body: { value: 'eth1' } })).rejects.toMatchObject({ code: 'no-rights' });
  await ann.follow((await ann.call('takeSnapshot', { params: { name: 'apollo' }, body: { name: 'bridged' } })).id, () => {});
  await tls.set('local.bridged-network', '');
  const restore = async () => await ann.follow((await ann.call('restoreSnapshot', { params: { name: 'apollo', snapshot: 'bridged' }, body: { destructive: true } })).id, () => {});
  expect((await restore()).error, 'the card is there still').toBeNull();
  for (const { mac, network } of (await ann.call('getInstance', { params: { name: 'apollo' } })).cards ?? []) {
    if (network === 'br0') await ann.follow((await ann.call('detachCard', { params: { name: 'apollo', card: mac } })).id, () => {});
  }
  await expect(restore()).rejects.toMatchObject({ code: 'no-rights', message: expect.stringContaining('br0') });
  await writeFile(join(tls.home.directory, 'ethernets.json'), '["br-eth1"]');
  expect(await listed()).toEqual(['eth1', 'holdfast', 'left out']);
  expect((await attach('eth1')).error).toBeNull();
  await ann.follow((await ann.call('act', { params: { name: 'apollo' }, body: { action: 'start' } })).id, () => {});
});

test('a hundred connections of one who is let in are served at once', { timeout: 60_000 }, async () => {
  const answers = await Promise.all(Array.from({ length: 100 }, async () => await ann.call('getInstance', { params: { name: 'apollo' } })));
  expect(answers.map(({ state }) => state)).toEqual(Array.from({ length: 100 }, () => 'Running'));
});

test('another certificate is another client; a guesser is slowed down, and who is in does not notice', { timeout: 60_000 }, async () => {
  const eve = await tls.client();
  await expect(eve.call('listInstances', {})).rejects.toMatchObject({ code: 'not-authenticated' });
  const began = performance.now();
  const guesses = await Promise.allSettled(Array.from({ length: 60 }, async (_, n) => await authenticate(eve, `guess ${n}`)));
  const codes = guesses.map((guess) => (guess.status === 'rejected' ? (guess.reason as { code: string }).code : 'let in'));
  const looked = codes.filter((code) => code === 'wrong-passphrase').length;
  expect(looked).toBeGreaterThan(0);
  expect(looked).toBeLessThanOrEqual(5 + (performance.now() - began) / 1000);
  expect(codes.every((code) => code === 'wrong-passphrase' || code === 'too-many-attempts' || code === 'daemon-unreachable' || code === 'daemon-failed')).toBe(true);
  // Also the right one has to wait for its turn now; who is in already does not.
  expect((await ann.call('listInstances', {})).instances).toHaveLength(1);
});

test('who is taken out of the file of trusted clients is out', async () => {
  const file = join(tls.home.directory, 'trusted-clients');
  const before = await readFile(file, 'utf8');
  await writeFile(file, '# nobody\n');
  await expect(ann.call('listInstances', {})).rejects.toMatchObject({ code: 'not-authenticated' });
  await writeFile(file, before);
  expect((await ann.call('listInstances', {})).instances).toHaveLength(1);
});

test('who is forgotten is out at once, with what he has open, and is let in by the passphrase again', { timeout: 60_000 }, async () => {
  const bob = await tls.client();
  await waitFor('a turn to say the passphrase', async () => await authenticate(bob, PASSPHRASE).then(() => true, () => false), 20_000);
  const { clients } = await tls.home.client.call('listClients', {});
  const [, his] = clients;
  expect(clients.map(({ address, since }) => [address, since])).toEqual(clients.map(() => ['127.0.0.1', expect.stringMatching(/^20\d\d-/)]));
  expect(clients).toHaveLength(2);
  const which = his?.fingerprint ?? '';
  const begun = Promise.withResolvers<void>();
  const shell = await openExec(bob.socket, 'apollo', { type: 'request', command: ['cat'] }, { output: () => true, started: () => begun.resolve(), progress: () => {} });
  const events = await send({ socket: bob.socket, method: 'GET', path: '/v1/events' });
  const told = text(events).then(() => 'ended', () => 'cut off');
  await begun.promise;
  await waitFor('both to be counted', async () => (await tls.home.client.call('listClients', {})).clients.find(({ fingerprint }) => fingerprint === which)?.connections === 2, 20_000);
  await expect(tls.home.client.call('forgetClient', { params: { client: 'nobody' } })).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('client "nobody" does not exist') });
  expect(await tls.home.client.call('forgetClient', { params: { client: which } })).toEqual({ fingerprint: which, name: his?.name, connections: 2 });
  await expect(shell.outcome).rejects.toMatchObject({ code: 'exec-failed' });
  expect(await told).toBe('cut off');
  await expect(bob.call('listInstances', {})).rejects.toMatchObject({ code: 'not-authenticated' });
  // Others notice nothing.
  expect((await ann.call('listInstances', {})).instances).toHaveLength(1);
  await waitFor('a turn to say the passphrase', async () => await authenticate(bob, PASSPHRASE).then(() => true, () => false), 20_000);
  expect((await bob.call('listInstances', {})).instances).toHaveLength(1);
  await tls.home.client.call('forgetClient', { params: { client: which } });
  const log = (await readFile(join(tls.home.directory, 'daemon.log'), 'utf8')).split('\n').filter((line) => line.includes(which));
  expect(log.map((line) => /is let in$|was forgotten.*connections that were ended: \d+$/.exec(line)?.[0].slice(0, 13))).toEqual(['is let in', 'was forgotten', 'is let in', 'was forgotten']);
});

test('plain HTTP, an older TLS, and TLS without a certificate are hung up on', { timeout: 60_000 }, async () => {
  const plain = connect(tls.port, '127.0.0.1');
  plain.on('error', () => {});
  plain.write('GET /v1/instances HTTP/1.1\r\nHost: holdfast\r\n\r\n');
  expect(await text(plain).catch(() => '')).not.toContain('HTTP/');
  const { key, certificate } = ensureIdentity(join(ann.directory, 'client/identity.pem'), '');
  await expect(raw({ maxVersion: 'TLSv1.2', key, cert: certificate })).rejects.toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
  const nameless = await raw();
  nameless.write('GET /v1/version HTTP/1.1\r\nHost: holdfast\r\n\r\n');
  expect(await text(nameless).catch(() => '')).toBe('');
});

test('a session that is taken up again is that of the same client', { timeout: 60_000 }, async () => {
  const { key, certificate } = ensureIdentity(join(ann.directory, 'client/identity.pem'), '');
  const ask = async (socket: TLSSocket): Promise<string> => {
    socket.write('GET /v1/instances HTTP/1.1\r\nHost: holdfast\r\nConnection: close\r\n\r\n');
    return (await text(socket)).split('\r\n')[0] ?? '';
  };
  const first = await raw({ key, cert: certificate });
  const ticket = once(first, 'session', { signal: AbortSignal.timeout(20_000) }) as Promise<[Buffer]>;
  const answer = ask(first);
  const [session] = await ticket;
  expect(await answer).toBe('HTTP/1.1 200 OK');
  const again = await raw({ key, cert: certificate, session });
  expect([again.isSessionReused(), await ask(again)]).toEqual([true, 'HTTP/1.1 200 OK']);
});

test('garbage, and many connections that say nothing, disturb neither the socket nor who comes over TLS', { timeout: 60_000 }, async () => {
  const garbage = Array.from({ length: 20 }, () => {
    const socket = connect(tls.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(Buffer.alloc(4096, 0xa5));
    return socket;
  });
  await Promise.all(garbage.map(closed));
  const silent = Array.from({ length: 200 }, () => connect(tls.port, '127.0.0.1').on('error', () => {}));
  await Promise.all(silent.map((socket) => once(socket, 'connect')));
  // A handshake, and then a request that goes on for ever.
  const { key, certificate } = ensureIdentity(join(ann.directory, 'other.pem'), '');
  const slow = await raw({ key, cert: certificate });
  slow.write('POST /v1/authenticate HTTP/1.1\r\nHost: holdfast\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{');
  const began = performance.now();
  expect((await tls.home.client.call('listInstances', {})).instances).toHaveLength(1);
  expect((await ann.call('listInstances', {})).instances).toHaveLength(1);
  expect(performance.now() - began).toBeLessThan(5_000);
  // More than a few of one source are not kept.
  await waitFor('the silent ones to be hung up on', () => Promise.resolve(silent.filter((socket) => socket.closed || socket.destroyed).length >= 95), 20_000);
  for (const socket of [...silent, slow]) socket.destroy();
});

test('a body that is too long is refused before it is read', async () => {
  const eve = await tls.client();
  await expect(send({ socket: eve.socket, method: 'POST', path: '/v1/authenticate', body: { passphrase: 'x'.repeat(20_000) } })).rejects.toMatchObject({ code: 'bad-argument' });
  await expect(send({ socket: eve.socket, method: 'POST', path: '/v1/instances', body: { name: 'x'.repeat(20_000) } })).rejects.toMatchObject({ code: 'not-authenticated' });
  expect(JSON.parse(await textOf(await send({ socket: eve.socket, method: 'GET', path: '/v1/version' })))).toMatchObject({ home: '' });
});

test('a daemon that shows another certificate than before is not spoken to, until its line is taken out', { timeout: 60_000 }, async () => {
  await rm(join(tls.home.directory, 'daemon-identity.pem'));
  await tls.set('local.address', '');
  expect(await accepts()).toBe(false);
  await tls.set('local.address', address());
  const known = join(ann.directory, 'client/known-servers');
  await expect(ann.call('listInstances', {})).rejects.toMatchObject({
    code: 'daemon-changed', message: expect.stringContaining(`the daemon at ${address()} shows another certificate than before`), hint: expect.stringContaining(known),
  });
  await expect(inGuest({ ...tls.home, client: ann }, 'apollo', ['true'])).rejects.toMatchObject({ code: 'daemon-changed' });
  await writeFile(known, '');
  expect((await ann.call('listInstances', {})).instances).toHaveLength(1);
  expect(ann.firsts).toHaveLength(2);
});

test('when it is told to listen no more, who is connected is cut off', async () => {
  const { key, certificate } = ensureIdentity(join(ann.directory, 'client/identity.pem'), '');
  const open = await raw({ key, cert: certificate });
  await tls.set('local.address', '');
  await closed(open);
  expect(await accepts()).toBe(false);
  await expect(ann.call('listInstances', {})).rejects.toMatchObject({ code: 'daemon-unreachable' });
  expect((await tls.home.client.call('listInstances', {})).instances).toHaveLength(1);
});
