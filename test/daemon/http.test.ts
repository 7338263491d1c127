/** The daemon's HTTP side, asked wrongly: each mistake is answered as the client's, in the API's own form. */
import { once } from 'node:events';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Value } from 'typebox/value';
import { FRAME, frame, MAX_FRAME_BYTES } from '../../src/api/exec-frames.ts';
import { ROUTES } from '../../src/api/routes.ts';
import { InstanceListSchema, type WireAction, type WireInstance } from '../../src/api/schemas.ts';
import { makeFakeHome, type FakeHome } from './fake-home.ts';

let home: FakeHome;
const socketPath = (): string => join(home.directory, 'run/holdfastd.sock');

beforeAll(async () => {
  home = await makeFakeHome();
  await home.start();
  await home.client.follow((await home.client.call('launch', { body: { name: 'apollo', image: `sha256:${home.image}` } })).id, () => {});
}, 60_000);
afterAll(async () => { await home[Symbol.asyncDispose](); }, 60_000);

async function ask(method: string, path: string, body?: string): Promise<{ status: number | undefined; answer: Record<string, unknown> }> {
  const asking = request({ socketPath: socketPath(), method, path, headers: body === undefined ? {} : { 'content-type': 'application/json' } });
  asking.end(body);
  const [response] = await once(asking, 'response', { signal: AbortSignal.timeout(20_000) });
  return { status: response.statusCode, answer: JSON.parse(await text(response)) as Record<string, unknown> };
}

describe('a request', () => {
  test.each([
    ['of an unknown route', 'GET', '/v1/nothing', undefined, 404, 'not-found'],
    ['with a method that the route has not', 'PUT', '/v1/version', '{}', 404, 'not-found'],
    ['that is no JSON', 'POST', '/v1/instances', '{"name":', 400, 'bad-argument'],
    ['with an unknown field', 'POST', '/v1/instances', '{"nmae":"x"}', 400, 'bad-argument'],
    ['with a field of the wrong type', 'POST', '/v1/instances', '{"cpus":"2"}', 400, 'bad-argument'],
    ['for an instance that is not there', 'GET', '/v1/instances/zeus', undefined, 404, 'instance-not-found'],
    ['for an operation that is not there', 'GET', '/v1/operations/none/events', undefined, 404, 'operation-not-found'],
    ['for a setting that is not there', 'GET', '/v1/settings/local.nothing', undefined, 404, 'unknown-setting'],
  ] as const)('%s is refused', async (_what, method, path, body, status, code) => {
    expect(await ask(method, path, body)).toMatchObject({ status, answer: { code, message: expect.any(String) } });
    expect((await ask('GET', '/v1/version')).status).toBe(200);
  });
});

test('a request that announces too large a body is refused before it has sent any', async () => {
  const asking = request({ socketPath: socketPath(), method: 'POST', path: '/v1/instances', headers: { 'content-type': 'application/json', 'content-length': 5e6 } });
  asking.flushHeaders();
  const [response] = await once(asking, 'response', { signal: AbortSignal.timeout(20_000) });
  expect([response.statusCode, JSON.parse(await text(response))]).toMatchObject([400, { code: 'bad-argument' }]);
  // The server may cut what it refused to read.
  asking.on('error', () => {}).destroy();
});

test('the OpenAPI document has every route of the table that is no socket', async () => {
  const { answer } = await ask('GET', '/openapi.json');
  const paths = answer['paths'] as Record<string, Record<string, { operationId: string }>>;
  const described = Object.values(paths).flatMap((methods) => Object.values(methods)).map(({ operationId }) => operationId);
  expect(described.toSorted()).toEqual(Object.entries(ROUTES).filter(([, route]) => !('stream' in route) || route.stream !== 'socket').map(([name]) => name).toSorted());
});

test('the list says of each instance what is said of it alone, in its own form, whatever has become of it', async () => {
  const listed = async () => (await ask('GET', '/v1/instances')).answer['instances'] as WireInstance[];
  const alone = async () => [(await ask('GET', '/v1/instances/apollo')).answer];
  const after = async (body: WireAction): Promise<void> => {
    await home.client.follow((await home.client.call('act', { params: { name: 'apollo' }, body })).id, () => {});
  };
  const states: string[] = [];
  for (const step of [undefined, { action: 'stop' }, { action: 'delete' }, { action: 'recover' }, { action: 'start' }] as const) {
    if (step) await after(step);
    // Twice: the second is of text that was kept.
    for (const list of [await listed(), await listed()]) {
      expect(list).toEqual(await alone());
      expect(Value.Check(InstanceListSchema, { instances: list })).toBe(true);
    }
    states.push((await listed())[0]?.state ?? 'none');
  }
  expect(states).toEqual(['Running', 'Stopped', 'Deleted', 'Stopped', 'Running']);
});

describe('settings', () => {
  test.each([
    ['local.apollo.cpus', '0'], ['local.apollo.cpus', '1.5'], ['local.apollo.memory', 'much'], ['local.driver', 'vmware'], ['client.primary-name', '-'],
  ])('%s=%s is refused', async (key, value) => {
    await expect(home.client.call('putSetting', { params: { key }, body: { value } })).rejects.toMatchObject({ code: /cpus|memory$/.test(key) ? expect.stringMatching(/bad-setting|wrong-state/) : 'bad-setting' });
  });
  test.each([['client.primary-name', 'apollo'], ['client.primary-name', '']])('%s=%s is kept', async (key, value) => {
    await home.client.call('putSetting', { params: { key }, body: { value } });
    expect(await home.client.call('getSetting', { params: { key } })).toEqual({ key, value });
  });
});

describe('the stream of events', () => {
  /** The first events: id and type. */
  async function events(after: string, count: number): Promise<(readonly [string, string])[]> {
    const asking = request({ socketPath: socketPath(), path: '/v1/events', headers: { 'last-event-id': after } }).end();
    const [response] = await once(asking, 'response', { signal: AbortSignal.timeout(20_000) });
    let heard = '';
    const told = () => [...heard.matchAll(/^id: (\S+)\ndata: (.*)\n\n/gm)].map(([, id = '', data = '']) => [id, (JSON.parse(data) as { type: string }).type] as const);
    for await (const piece of response) {
      heard += String(piece);
      if (told().length >= count) break;
    }
    asking.destroy();
    return told().slice(0, count);
  }

  test('answers before there is an event', async () => {
    const asking = request({ socketPath: socketPath(), path: '/v1/events' }).end();
    // The first sign of life would come after 15 s.
    const [response] = await once(asking, 'response', { signal: AbortSignal.timeout(10_000) });
    expect(response.statusCode).toBe(200);
    asking.destroy();
  });

  test('resumes behind the last one that was seen, and says so where it cannot: after a restart too', async () => {
    const [[now, type] = ['', '']] = await events('of another daemon', 1);
    expect(type).toBe('gap');
    for (let count = 0; count < 2; count += 1) await home.client.follow((await home.client.call('purge', {})).id, () => {});
    const [first, second] = await events(now, 2);
    expect([first?.[1], second?.[1]]).toEqual(['operation', 'operation']);
    expect(await events(first?.[0] ?? '', 1)).toEqual([second]);
    await home.kill();
    await home.start();
    const [[later, gap] = ['', '']] = await events(second?.[0] ?? '', 1);
    expect([gap, later.split('-')[0] === now.split('-')[0]]).toEqual(['gap', false]);
  });
});

describe('the exec socket', () => {
  const control = (message: object): Uint8Array => Buffer.concat([Buffer.from([FRAME.control]), Buffer.from(JSON.stringify(message))]);

  function exec(name: string): { socket: WebSocket; frames: Buffer[]; closed: Promise<unknown> } {
    const socket = new WebSocket(`ws+unix://${socketPath()}:/v1/instances/${name}/exec`, { perMessageDeflate: false });
    const frames: Buffer[] = [];
    socket.on('message', (data) => frames.push(data as Buffer));
    socket.on('error', () => {});
    return { socket, frames, closed: once(socket, 'close', { signal: AbortSignal.timeout(20_000) }).then(([code]) => code as unknown) };
  }
  const said = (frames: readonly Buffer[]): unknown[] => frames.filter((each) => each[0] === FRAME.control).map((each) => JSON.parse(each.subarray(1).toString()) as unknown);

  test.each([
    ['is no control frame', frame(FRAME.stdin, Buffer.from('x'))],
    ['is no JSON', Buffer.concat([Buffer.from([FRAME.control]), Buffer.from('{')])],
    ['has an unknown field', control({ type: 'request', command: ['true'], user: 'root' })],
    ['is empty', Buffer.alloc(0)],
  ])('refuses a first frame that %s', async (_what, first) => {
    const { socket, frames, closed } = exec('apollo');
    await once(socket, 'open');
    socket.send(first);
    expect(await closed).toBe(1000);
    expect(said(frames)).toMatchObject([{ type: 'error', error: { code: 'bad-argument' } }]);
  });

  test('refuses a frame over the limit, and serves the next client', async () => {
    const { socket, closed } = exec('apollo');
    await once(socket, 'open');
    socket.send(Buffer.alloc(MAX_FRAME_BYTES + 100));
    // 1009 where the reason got out before the connection was cut.
    expect([1006, 1009]).toContain(await closed);
    expect((await ask('GET', '/v1/version')).status).toBe(200);
  });

  test('says that the instance is not there, and ends although more was sent', async () => {
    const { socket, frames, closed } = exec('zeus');
    await once(socket, 'open');
    socket.send(control({ type: 'request', command: ['true'] }));
    for (let i = 0; i < 50; i += 1) socket.send(frame(FRAME.stdin, Buffer.from('nobody takes this')));
    await closed;
    expect(said(frames)).toMatchObject([{ type: 'error', error: { code: 'instance-not-found' } }]);
  });

  test('carries both directions, and the exit code', async () => {
    const { socket, frames, closed } = exec('apollo');
    await once(socket, 'open');
    socket.send(control({ type: 'request', command: ['cat'] }));
    for (let i = 0; i < 50; i += 1) socket.send(frame(FRAME.stdin, Buffer.from(`line ${i}\n`)));
    socket.send(control({ type: 'eof' }));
    await closed;
    const out = Buffer.concat(frames.filter((each) => each[0] === FRAME.stdout).map((each) => each.subarray(1))).toString();
    expect(out).toBe(Array.from({ length: 50 }, (_, i) => `line ${i}\n`).join(''));
    expect(said(frames).at(-1)).toEqual({ type: 'exit', code: 0 });
  });

  test('survives clients that vanish', async () => {
    for (let i = 0; i < 10; i += 1) {
      const { socket, closed } = exec('apollo');
      await once(socket, 'open');
      socket.send(control({ type: 'request', command: ['cat'] }));
      socket.terminate();
      await closed;
    }
    expect((await home.client.call('getInstance', { params: { name: 'apollo' } })).state).toBe('Running');
  });
});
