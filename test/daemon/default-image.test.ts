/** Which image a launch takes that names none: with a network, without one, and where it goes in between. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PublishedImage } from '../../src/core/catalogue/published.ts';
import { fail, type HoldfastError } from '../../src/core/errors.ts';
import { imageService, type ImageParts, type ResolvedImage } from '../../src/daemon/images/service.ts';
import { HOST_ARCHITECTURE } from '../../src/host/architecture.ts';
import { openImageStore, type ImageStore } from '../../src/images/store.ts';
import type { ImageEntry } from '../../src/images/store-entry.ts';
import { tinyDisk } from './fake-home.ts';

const LTS: PublishedImage = {
  aliases: ['24.04', 'lts'], os: 'Ubuntu', release: '24.04 LTS', version: '20240608', architecture: HOST_ARCHITECTURE, supported: true, current: true,
  address: 'https://images.example/noble.img', checksum: { algorithm: 'sha256', hex: 'a'.repeat(64) }, sizeBytes: 1,
};
const UNREACHABLE = fail('download-failed', 'images.example cannot be reached');
let directory: string;
let empty: ImageStore;
let stocked: ImageStore;
let debian: ImageEntry;
let ubuntu: ImageEntry;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hf-default-'));
  empty = openImageStore(join(directory, 'empty'));
  stocked = openImageStore(join(directory, 'stocked'));
  const origin = { sourceName: 'debian:12', os: 'debian', release: '12', architecture: HOST_ARCHITECTURE, builtAt: new Date().toISOString(), recipe: 'key' };
  const signal = new AbortController().signal;
  debian = await stocked.import({ stream: Readable.from([tinyDisk()]) }, origin, signal);
  ubuntu = await stocked.import({ stream: Readable.from([tinyDisk().fill(1, 4096, 8192)]) }, { ...origin, sourceName: LTS.address, os: undefined, release: undefined, recipe: undefined }, signal);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

interface World { readonly store?: ImageStore; readonly known?: PublishedImage; readonly trouble?: HoldfastError; readonly download?: Error; readonly settled?: boolean }

async function chosen({ store = stocked, known, trouble, download, settled = true }: World): Promise<{ image: ResolvedImage; notices: string[] }> {
  const notices: string[] = [];
  const parts: Pick<ImageParts, 'store' | 'downloads' | 'remotes'> = {
    store,
    downloads: { fetch: () => (download ? Promise.reject(download) : Promise.resolve({ entry: ubuntu, notices: [] })), sweep: () => Promise.resolve() },
    remotes: {
      isSettled: () => Promise.resolve(settled), keepFresh: () => {}, find: () => Promise.reject(new Error('nobody asked')), lookUp: () => Promise.reject(new Error('nobody asked')),
      byDefault: () => Promise.resolve({ found: known && { remote: 'release', image: known }, trouble }),
    },
  };
  const image = await (await imageService(parts as ImageParts).choose(undefined))({ signal: new AbortController().signal, progress: () => {}, notice: (text) => notices.push(text) });
  return { image, notices };
}

test.each([true, false])('with a network it is the current Ubuntu LTS, also where a Debian was built here (known beforehand: %j)', async (settled) => {
  expect(await chosen({ known: LTS, settled })).toMatchObject({ image: { digest: ubuntu.digest, label: { name: '24.04', os: 'Ubuntu', release: '24.04 LTS' } }, notices: [] });
});
test('without one it is the Debian that was built here, and the launch says so', async () => {
  expect(await chosen({ trouble: UNREACHABLE })).toMatchObject({ image: { digest: debian.digest, label: { name: 'debian-12' } }, notices: ['images.example cannot be reached; the image debian-12 is used'] });
  expect(await chosen({})).toMatchObject({ image: { digest: debian.digest }, notices: [] });
});
test('a list that is refused is no reason to take another image', async () => {
  await expect(chosen({ trouble: fail('image-refused', 'its signature is not good') })).rejects.toMatchObject({ code: 'image-refused' });
});
test('where the network goes before the image is here, it is the Debian too, and the launch says so', async () => {
  expect(await chosen({ known: LTS, download: UNREACHABLE })).toMatchObject({ image: { digest: debian.digest }, notices: ['images.example cannot be reached; the image debian-12 that was built here is used'] });
});
test('an image that is not what its list says is no reason to take another', async () => {
  await expect(chosen({ known: LTS, download: fail('image-refused', 'it has another checksum') })).rejects.toMatchObject({ code: 'image-refused' });
});
test('with neither it is said what is missing, and what to do', async () => {
  await expect(chosen({ store: empty, trouble: UNREACHABLE })).rejects.toMatchObject({
    code: 'image-not-found', hint: 'build it first: holdfast image build debian',
    message: 'there is no image to launch: none was built here, and what Ubuntu publishes is not known: images.example cannot be reached',
  });
});
