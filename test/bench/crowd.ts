/** The daemon with many instances and many clients: simulated machines, everything else real. */
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { WireInstance } from '../../src/api/schemas.ts';
import type { Instance } from '../../src/core/instance.ts';
import { openDb } from '../../src/store/db.ts';
import { instanceStore } from '../../src/store/instances.ts';
import { inGuest, makeFakeHome, type FakeHome } from '../daemon/fake-home.ts';
import { openTestHome } from '../real/home.ts';
import { dropped, follow, lastPublished } from './followers.ts';
import { median, type Row } from './row.ts';

const RECORDED = 200;
const RUNNING = 20;
const SILENT = 10;
const LIST_RUNS = 15;
const SETTLE_MS = 1_000;

/** `holdfast list` as a whole process, while some of the machines that run do not answer. */
export async function benchList(tell: (row: Row) => void): Promise<void> {
  await using home = await recordedHome(RECORDED - RUNNING);
  await home.start();
  const names = Array.from({ length: RUNNING }, (_, index) => `running-${index}`);
  for (const name of names) await launched(home, name);
  const cli = openTestHome(home.directory);
  const listed = async (): Promise<number[]> => {
    const figures: number[] = [];
    for (let run = 0; run < LIST_RUNS; run += 1) figures.push((await cli.must(['list'])).seconds);
    return figures;
  };
  const answering = await listed();
  const { instances } = await home.client.call('listInstances', {});
  const silent = instances.filter(({ name }) => names.slice(0, SILENT).includes(name));
  for (const { id } of silent) await writeFile(join(home.directory, 'instances', id, 'faults.json'), '{"lane":"silent"}');
  // Somebody waits on each of those that do not answer, and asks again when he is told so: over the API, since ten command lines
  // that start are not what is measured.
  const over = new AbortController();
  const waiting = silent.map(async ({ name }) => {
    while (!over.signal.aborted) await inGuest(home, name, ['true']).catch(() => {});
  });
  await pause(SETTLE_MS);
  const unanswered = await listed();
  over.abort();
  await Promise.all(waiting);
  tell({ what: `holdfast list, ${RECORDED} instances, ${RUNNING} running, all answer`, figures: answering, unit: 's', note: 'the peer of the next line' });
  tell({ what: `the same while ${SILENT} of them do not answer, and are waited for`, figures: unanswered, unit: 's', note: `${(median(unanswered) / median(answering)).toFixed(2)} times its peer` });
}

const CROWD = 1000;
const CLIENTS = 100;
const LISTS_EACH = 20;
const EVERY_MS = 1_000;
const LAST = `"recorded-${CROWD - 1}"`;

/** Each client follows the events and lists once a second; meanwhile instances come and go. */
export async function benchCrowd(tell: (row: Row) => void): Promise<void> {
  await using home = await recordedHome(CROWD);
  await home.start();
  const socket = join(home.directory, 'run/holdfastd.sock');
  const followers = await Promise.all(Array.from({ length: CLIENTS }, () => follow(socket)));
  const since = await lastPublished(socket);
  const over = new AbortController();
  const churn = (async () => {
    for (let turn = 0; !over.signal.aborted; turn += 1) {
      await launched(home, `churn-${turn}`);
      await done(home, `churn-${turn}`, { action: 'delete', purge: true });
    }
  })();
  const took = (await Promise.all(Array.from({ length: CLIENTS }, async (_, client) => {
    const figures: number[] = [];
    await pause(client * EVERY_MS / CLIENTS);
    for (let turn = 0; turn < LISTS_EACH; turn += 1) {
      const began = performance.now();
      const list = await answered(socket, '/v1/instances');
      figures.push((performance.now() - began) / 1000);
      if (!list.includes(LAST)) throw new Error('the list is not whole');
      await pause(Math.max(0, EVERY_MS - (performance.now() - began)));
    }
    return figures;
  }))).flat();
  over.abort();
  await churn;
  const last = await lastPublished(socket);
  await pause(EVERY_MS);
  const followed = followers.map((follower) => follower.soFar());
  for (const follower of followers) follower.hangUp();
  const missing = followed.reduce((sum, each) => sum + dropped(each, since, last), 0);
  const letGo = followed.filter((each) => each.letGo).length;
  const p99 = took.toSorted((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? Number.NaN;
  tell({ what: `list over the API, ${CROWD} instances, ${CLIENTS} clients that list and follow events`, figures: took, unit: 's', note: `p99 ${p99.toFixed(3)} s; of ${last - since} events to each, ${missing} did not come in all; ${letGo} clients were let go` });
}

/** Recorded as a daemon would have, and stopped. */
async function recordedHome(count: number): Promise<FakeHome> {
  const home = await makeFakeHome();
  await home.start();
  const digest = home.image;
  await home.kill();
  using db = openDb(join(home.directory, 'holdfast.db'));
  const store = instanceStore(db);
  for (let index = 0; index < count; index += 1) store.insert(stopped(index, digest));
  return home;
}

function stopped(index: number, imageDigest: string): Parameters<ReturnType<typeof instanceStore>['insert']>[0] {
  const at = new Date(Date.UTC(2026, 0, 1) + index * 1000).toISOString();
  const instance: Instance = {
    id: (0xb000_0000 + index).toString(16), name: `recorded-${index}`, architecture: 'x86_64', node: 'here', owner: process.getuid?.() ?? 0, zone: 'zone1', createdAt: at,
    image: { name: 'tiny', os: '', release: 'tiny' },
    spec: { cpus: 1, memoryBytes: 2 ** 30, diskBytes: 5 * 2 ** 30, imageDigest, imageFormat: 'raw', mac: `52:54:00:00:${hex(index >> 8)}:${hex(index)}`, subnetIndex: index },
  };
  return { instance, timezone: 'UTC', userData: undefined, wanted: { running: false, deleted: false }, observed: { state: 'Stopped', reason: null, at } };
}

function hex(value: number): string {
  return (value & 0xff).toString(16).padStart(2, '0');
}

async function launched(home: FakeHome, name: string): Promise<WireInstance> {
  const { id } = await home.client.call('launch', { body: { name, image: `sha256:${home.image}` } });
  const { error } = await home.client.follow(id, () => {});
  if (error) throw new Error(error.message);
  return await home.client.call('getInstance', { params: { name } });
}

async function done(home: FakeHome, name: string, body: { action: 'delete'; purge: true }): Promise<void> {
  const { id } = await home.client.call('act', { params: { name }, body });
  await home.client.follow(id, () => {});
}

/** To its last byte, unparsed: a hundred clients would share that work among as many processes, not do it in this one. */
async function answered(socketPath: string, path: string): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  request({ socketPath, path, agent: false }, (answer) => {
    const parts: Buffer[] = [];
    answer.on('data', (part: Buffer) => parts.push(part)).on('end', () => resolve(Buffer.concat(parts))).on('error', reject);
  }).on('error', reject).end();
  return await promise;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}
