/** Which images are removed as unused, of a store on a disk. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pruneImages } from '../../src/daemon/images/pruning.ts';
import type { House } from '../../src/daemon/instances/house.ts';
import { openImageStore, type ImageStore } from '../../src/images/store.ts';
import type { ImageOrigin } from '../../src/images/store-entry.ts';
import { tinyDisk } from './fake-home.ts';

const DAYS = 86_400_000;
let directory: string;
let store: ImageStore;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hf-prune-'));
  store = openImageStore(directory);
});
afterEach(async () => { await rm(directory, { recursive: true, force: true }); });

let content = 0;
async function stored(origin: Partial<ImageOrigin>): Promise<string> {
  content += 1;
  const whole: ImageOrigin = { sourceName: '/home/me/disk.img', os: undefined, release: undefined, architecture: undefined, builtAt: '2026-01-01T00:00:00.000Z', recipe: undefined, ...origin };
  const { digest } = await store.import({ stream: Readable.from([tinyDisk().fill(content, 4096, 8192)]) }, whole, new AbortController().signal);
  return digest;
}

/** With an instance on one image and a template on another. */
function house(imageDigest: string, ofTemplate: string): Pick<House, 'registry' | 'driver'> {
  return { registry: { everybodys: [{ record: { instance: { spec: { imageDigest } } } }] }, driver: { templates: { all: () => Promise.resolve([{ imageDigest: ofTemplate }]) } } } as unknown as Pick<House, 'registry' | 'driver'>;
}

test('what came from the web or as a file goes when nobody has used it for two weeks; what is used, or was built here, stays', async () => {
  const built = await stored({ sourceName: 'debian:13', os: 'debian', release: '13', recipe: 'a key' });
  const [used, below] = [await stored({}), await stored({})];
  await stored({});
  await stored({ sourceName: 'https://images.example/disk.img' });
  const of = house(used, below);
  expect(await pruneImages(of, store, Date.now() + 13 * DAYS)).toEqual([]);
  expect((await pruneImages(of, store, Date.now() + 15 * DAYS)).toSorted()).toEqual(['/home/me/disk.img', 'https://images.example/disk.img']);
  expect((await store.list()).map(({ digest }) => digest).toSorted()).toEqual([built, used, below].toSorted());
});
