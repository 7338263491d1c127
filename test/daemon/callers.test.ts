/** A daemon that serves several users: each has what is his, and of the others' not even that it is there. */
import { existsSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { FRAME, frame } from '../../src/api/exec-frames.ts';
import { ROUTES, type RouteName } from '../../src/api/routes.ts';
import { createClient, type Client } from '../../src/client/client.ts';
import { userSocket } from '../../src/core/home.ts';
import { ACCESS } from '../../src/daemon/callers.ts';
import { openDb } from '../../src/store/db.ts';
import { operationStore } from '../../src/store/operations.ts';
import { makeFakeHome, type FakeHome } from './fake-home.ts';
import { waitFor } from '../real/home.ts';

// Nobody of this host: that the socket is theirs is seen, and root may open any.
const [ANN, BOB, EVE] = [61_001, 61_002, 61_003];
let home: FakeHome;
const socketOf = (uid: number): string => userSocket(join(home.directory, 'run'), uid);
const as = (uid: number): Client => createClient(socketOf(uid), () => Promise.reject(new Error('the test starts daemons itself')));
const launch = async (client: Client, name: string): Promise<string> => {
  const { id } = await client.call('launch', { body: { name, image: `sha256:${home.image}` } });
  expect((await client.follow(id, () => {})).error).toBeNull();
  return id;
};
const names = async (client: Client): Promise<string[]> => (await client.call('listInstances', {})).instances.map(({ name }) => name).toSorted();
/** The home's own socket is open first. */
const served = (uid: number) => waitFor(`the socket of ${uid}`, () => names(as(uid)).then(() => true, () => false), 20_000);
const isRoot = process.getuid?.() === 0;

beforeAll(async () => {
  if (!isRoot) return;
  home = await makeFakeHome();
  await writeFile(join(home.directory, 'members'), `${ANN}\n${BOB}\n`);
  await home.start();
  await launch(home.client, 'roots');
  await served(ANN);
  await launch(as(ANN), 'anns');
}, 60_000);
afterAll(async () => { if (isRoot) await home[Symbol.asyncDispose](); }, 60_000);

/** Sockets are given to users by root only. */
const forRoot = describe.skipIf(!isRoot);

/** Status and answer to a request of that route, about an instance and an operation that are not Bob's. */
async function asked(uid: number, name: RouteName, fill: Readonly<Record<string, string>>): Promise<{ status: number; answer: string }> {
  const { method, path } = ROUTES[name];
  const bodies: Partial<Record<RouteName, object>> = {
    launch: { name: fill['name'] ?? '', image: `sha256:${home.image}` }, act: { action: 'stop' }, buildImage: { target: 'debian' }, buildTemplate: {}, changeZones: { zones: ['zone3'], available: true }, putSetting: { value: '3' }, createNetwork: { name: 'lan' },
  };
  const query = name === 'logs' ? `?name=${fill['name']}` : name === 'uploadImage' ? '?name=x' : '';
  const body = bodies[name] === undefined ? undefined : JSON.stringify(bodies[name]);
  const asking = request({ socketPath: socketOf(uid), method, path: path.replace(/:([a-z]+)/g, (_, key: string) => fill[key] ?? '') + query, headers: body === undefined ? {} : { 'content-type': 'application/json' } });
  asking.end(body);
  const [response] = await once(asking, 'response', { signal: AbortSignal.timeout(20_000) });
  if (response.headers['content-type'] === 'text/event-stream') {
    response.destroy();
    return { status: response.statusCode, answer: '' };
  }
  return { status: response.statusCode, answer: await text(response) };
}

/** Asked by an upgrade, which is told apart below. */
const isSocket = (name: RouteName): boolean => 'stream' in ROUTES[name] && ROUTES[name].stream === 'socket';

forRoot('every route of the table', () => {
  test.each((Object.keys(ROUTES) as RouteName[]).filter((name) => isSocket(name) && name !== 'exec'))('%s, a socket, tells another user what it tells of nothing', async (name) => {
    const said = async (instance: string): Promise<string> => {
      const ws = new WebSocket(`ws://holdfast${ROUTES[name].path.replace(':name', instance)}`, { createConnection: () => connect(socketOf(BOB)) });
      const [data] = await once(ws, 'message', { signal: AbortSignal.timeout(20_000) }) as [Buffer];
      ws.terminate();
      return data.subarray(1).toString().replaceAll(instance, 'zeus');
    };
    expect(await said('anns')).toContain('instance-not-found');
    expect(await said('anns')).toBe(await said('zeus'));
  });

  test.each((Object.keys(ROUTES) as RouteName[]).filter((name) => !isSocket(name)).map((name) => [name, ACCESS[name]] as const))('%s (%s) tells another user nothing of what is not his', async (name, access) => {
    const operation = await operationOf(ANN);
    const theirs = { name: 'anns', id: operation, key: name === 'deleteTemplate' ? 'a' : 'local.anns.cpus' };
    const nobodys = { name: 'zeus', id: 'none', key: name === 'deleteTemplate' ? 'a' : 'local.zeus.cpus' };
    const [of, ofNone] = [await asked(BOB, name, theirs), name === 'launch' ? undefined : await asked(BOB, name, nobodys)];
    if (access === 'root') {
      expect(of).toMatchObject({ status: 403, answer: expect.stringContaining('no-rights') });
      return;
    }
    if (name === 'launch') {
      // The one thing that cannot be hidden, and no more than that.
      expect(of).toMatchObject({ status: 409, answer: expect.stringContaining('is taken by another user') });
      expect(of.answer).toContain('choose another name; for a primary instance of your own: holdfast set client.primary-name=<name>');
      return;
    }
    // Word for word what he hears of what is not there.
    const plain = (answer: string | undefined): string | undefined =>
      answer?.replaceAll('anns', 'zeus').replaceAll(operation, 'none').replace(/"tookMs":\d+/, '').replace(/[\d.]+ GiB free/, '');
    if (name === 'purge') return;
    expect([of.status, plain(of.answer)]).toEqual([ofNone?.status, plain(ofNone?.answer)]);
    expect(of.answer).not.toMatch(/roots|anns"[^d]*Running/);
  });

  const operationOf = async (uid: number): Promise<string> => {
    using db = openDb(join(home.directory, 'holdfast.db'));
    const row = db.get('SELECT id FROM operations WHERE owner = ? ORDER BY started_at LIMIT 1', uid);
    const { owner } = operationStore(db).get(String(row?.['id'])) ?? {};
    expect(owner).toBe(uid);
    return String(row?.['id']);
  };
});

forRoot('two users', () => {
  test('each sees and names his own, root all', async () => {
    expect(await names(as(ANN))).toEqual(['anns']);
    expect(await names(as(BOB))).toEqual([]);
    expect(await names(home.client)).toEqual(['anns', 'roots']);
    expect((await as(ANN).call('listSettings', {})).settings.map(({ key }) => key).filter((key) => key.includes('roots'))).toEqual([]);
  });

  test('a command in another\'s instance is a command in none', async () => {
    const said = async (name: string): Promise<string> => {
      const websocket = new WebSocket(`ws+unix://${socketOf(BOB)}:/v1/instances/${name}/exec`);
      await once(websocket, 'open');
      const closed = once(websocket, 'close');
      let heard = '';
      websocket.on('message', (data: Buffer) => { heard += data.subarray(1).toString(); });
      websocket.send(frame(FRAME.control, Buffer.from(JSON.stringify({ type: 'request', command: ['true'] }))));
      await closed;
      return heard;
    };
    expect(await said('anns')).toContain('instance-not-found');
    expect((await said('anns')).replaceAll('anns', 'zeus')).toBe(await said('zeus'));
  });

  test('purge removes the caller\'s deleted instances only, also when the daemon dies over it', async () => {
    for (const [client, name] of [[as(ANN), 'gone'], [as(BOB), 'bobs']] as const) {
      await launch(client, name);
      await client.follow((await client.call('act', { params: { name }, body: { action: 'delete' } })).id, () => {});
    }
    await home.kill();
    await home.start('purge:remove');
    await served(BOB);
    const { id } = await as(BOB).call('purge', {});
    await home.died();
    await home.start();
    await served(BOB);
    expect((await as(BOB).follow(id, () => {})).status).toBe('done');
    expect(await names(home.client)).toEqual(['anns', 'gone', 'roots']);
    await as(ANN).follow((await as(ANN).call('purge', {})).id, () => {});
  });

  test('events are those of the caller', async () => {
    const asking = request({ socketPath: socketOf(BOB), path: '/v1/events', headers: { 'last-event-id': 'of another daemon' } });
    asking.end();
    const [response] = await once(asking, 'response');
    let heard = '';
    response.setEncoding('utf8').on('data', (data: string) => { heard += data; });
    await launch(as(ANN), 'loud');
    await launch(as(BOB), 'mine');
    await expect.poll(() => heard).toContain('"mine","state":"Running"');
    expect(heard).toContain('{"type":"gap"}');
    expect(heard).not.toMatch(/loud|anns|roots/);
    response.destroy();
  });

  test('to put a network card of the host into a bridge is root\'s', async () => {
    for (const makeBridge of [true, false]) {
      await expect(as(BOB).call('launch', { body: { name: 'bridged', image: `sha256:${home.image}`, networks: [{ name: 'eth1', mode: 'auto' }], makeBridge } })).rejects.toMatchObject({ code: 'no-rights', message: expect.stringContaining('eth1') as string });
    }
    // One that is in a bridge, or a bridge, is for all who sit at this machine.
    for (const network of ['br0', 'eth0']) expect((await as(BOB).follow((await as(BOB).call('attachCard', { params: { name: 'mine' }, body: { network } })).id, () => {})).error).toBeNull();
  });

  test('a setting for all is root\'s; which instance is meant without a name, everybody says for himself', async () => {
    await expect(as(BOB).call('putSetting', { params: { key: 'local.templates' }, body: { value: 'false' } })).rejects.toMatchObject({ code: 'no-rights' });
    await as(BOB).call('putSetting', { params: { key: 'client.primary-name' }, body: { value: 'mine' } });
    const primary = async (client: Client) => (await client.call('getSetting', { params: { key: 'client.primary-name' } })).value;
    expect([await primary(as(BOB)), await primary(as(ANN)), await primary(home.client)]).toEqual(['mine', 'primary', 'primary']);
  });
});

forRoot('who is let in', () => {
  test('has a socket that is his alone, in a directory that is root\'s', async () => {
    const [socket, directory] = [await stat(socketOf(ANN)), await stat(join(socketOf(ANN), '..'))];
    expect([socket.uid, socket.mode & 0o777]).toEqual([ANN, 0o600]);
    expect([directory.uid, directory.mode & 0o777]).toEqual([0, 0o711]);
  });

  test('is looked up again at a reload: who came is served, who left is cut off', async () => {
    const asking = request({ socketPath: socketOf(ANN), path: '/v1/events' });
    asking.end();
    const [response] = await once(asking, 'response');
    const cut = new Promise((resolve) => { response.once('close', resolve); });
    response.on('error', () => {}).resume();
    await writeFile(join(home.directory, 'members'), `${EVE}\n${BOB}\n`);
    home.signal('SIGHUP');
    await cut;
    await expect.poll(() => existsSync(socketOf(EVE))).toBe(true);
    expect(existsSync(socketOf(ANN))).toBe(false);
    expect(await names(as(EVE))).toEqual([]);
    expect(await names(as(BOB))).toEqual(['mine']);
  });
});
