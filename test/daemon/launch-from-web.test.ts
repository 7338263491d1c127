/** Launch from an address, and for an architecture, by a real daemon with fake machines. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { WireLaunch, WireOperation } from '../../src/api/schemas.ts';
import { openWebServer, serve, type WebServer } from '../images/web-server.ts';
import { makeFakeHome, tinyDisk, type FakeHome } from './fake-home.ts';

let home: FakeHome;
let server: WebServer;
/** Not the one that every fake home has already. */
const disk = tinyDisk().fill(1, 4096, 8192);

beforeAll(async () => {
  home = await makeFakeHome();
  await home.start();
}, 60_000);
afterAll(async () => { await home[Symbol.asyncDispose](); }, 60_000);
beforeEach(async () => { server = await openWebServer(); });
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  for (const name of await names()) await ended(await home.client.call('act', { params: { name }, body: { action: 'delete', purge: true } }));
});

const begin = (body: WireLaunch): Promise<WireOperation> => home.client.call('launch', { body: { image: `${server.origin}/disk.raw`, ...body } });
const ended = async ({ id }: WireOperation): Promise<WireOperation> => await home.client.follow(id, () => {});
const names = async (): Promise<string[]> => (await home.client.call('listInstances', {})).instances.map(({ name }) => name);

test('a launch tells what it is at, in the words that people know', async () => {
  server.behave(serve({ bytes: disk, etag: '"one"' }));
  const told: string[] = [];
  await home.client.follow((await begin({ name: 'apollo', cold: true })).id, ({ stage }) => { if (stage !== told.at(-1)) told.push(stage); });
  expect(told.slice(told.indexOf('Starting apollo'))).toEqual(['Starting apollo', 'Waiting for apollo to answer', 'Waiting for initialization to complete']);
});

test('two launches of one address download it once, and the second is told of plain http as well', async () => {
  server.behave(serve({ bytes: disk, etag: '"one"' }));
  const both = await Promise.all((await Promise.all(['apollo', 'hermes'].map((name) => begin({ name, cold: true })))).map(ended));
  expect(both).toMatchObject([{ status: 'done', notices: [expect.stringContaining('nobody vouches')] }, { status: 'done', notices: [expect.stringContaining('nobody vouches')] }]);
  expect(server.asked.filter(({ headers }) => headers['if-none-match'] === undefined)).toHaveLength(1);
  expect(await home.client.call('getInstance', { params: { name: 'apollo' } })).toMatchObject({ image: { release: 'disk.raw' } });
});

test('a launch that is cancelled while it downloads leaves no instance, and the next daemon goes on with the part', async () => {
  server.behave((_, response) => void response.writeHead(200, { 'content-length': disk.length, etag: '"one"' }).write(disk.subarray(0, disk.length / 2)));
  const { id } = await begin({ name: 'apollo' });
  await expect.poll(async () => (await home.client.call('getOperation', { params: { id } })).fraction).toBeGreaterThan(0);
  expect(await home.client.cancel(id)).toMatchObject({ status: 'cancelled' });
  expect(await names()).toEqual([]);
  await home.kill();
  server.behave(serve({ bytes: disk, etag: '"one"' }));
  await home.start();
  expect(await ended(await begin({ name: 'apollo' }))).toMatchObject({ status: 'done' });
  expect(server.asked.at(-1)?.headers.range).toMatch(/^bytes=[1-9]\d*-$/);
});

test('a daemon that is killed while it downloads leaves a launch that the next one calls interrupted', async () => {
  server.behave((_, response) => void response.writeHead(200, { 'content-length': disk.length }).write(disk.subarray(0, 4096)));
  const { id } = await begin({ name: 'apollo' });
  await expect.poll(() => server.asked.length).toBe(1);
  await home.kill();
  await home.start();
  expect(await ended({ id } as WireOperation)).toMatchObject({ status: 'failed', error: { code: 'cancelled' } });
  expect(await names()).toEqual([]);
});

test('an instance has the architecture that was asked for, where the image does not say its own', async () => {
  server.behave(serve({ bytes: disk }));
  expect(await ended(await begin({ name: 'apollo', architecture: 'arm64' }))).toMatchObject({ status: 'done' });
  expect(await home.client.call('getInstance', { params: { name: 'apollo' } })).toMatchObject({ architecture: 'aarch64' });
});

test.each<[WireLaunch, object]>([
  [{ architecture: 'mips' }, { code: 'bad-argument', hint: expect.stringContaining('arm64') as string }],
  [{ checksum: 'md5:0' }, { code: 'bad-argument' }],
  [{ image: 'debian', checksum: `sha256:${'0'.repeat(64)}` }, { code: 'bad-argument', message: expect.stringContaining('downloaded') as string }],
  [{ image: 'debian', architecture: process.arch === 'arm64' ? 'amd64' : 'arm64' }, { code: 'image-not-found', hint: expect.stringContaining('--arch') as string }],
])('%j is refused before anything is begun', async (body, error) => {
  await expect(begin(body)).rejects.toMatchObject(error);
});
