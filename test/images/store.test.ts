/** The store and its checks on images that qemu-img really made, and on what an attacker or a bad line makes of them. */
import { execFileSync } from 'node:child_process';
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { send } from '../../src/client/request.ts';
import type { HoldfastError } from '../../src/core/errors.ts';
import { openImageStore, type ImageStore } from '../../src/images/store.ts';
import type { ImageOrigin } from '../../src/images/store-entry.ts';

const ORIGIN: ImageOrigin = { sourceName: 'an image', os: undefined, release: undefined, architecture: undefined, builtAt: '2026-01-01T00:00:00.000Z', recipe: undefined };
const MIB = 1024 * 1024;
let directory: string;
let store: ImageStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-store-'));
  store = openImageStore(join(directory, 'images'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const file = (name: string): string => join(directory, name);
const qemuImg = (...args: string[]): void => void execFileSync('qemu-img', args, { stdio: 'pipe' });
const importFile = (path: string, signal = new AbortController().signal) => store.import({ path }, ORIGIN, signal);

/** A qcow2 with 4 MiB of data in it. */
function filledQcow2(name: string, ...options: string[]): string {
  const raw = file('data.raw');
  execFileSync('dd', ['if=/dev/urandom', `of=${raw}`, 'bs=1M', 'count=4'], { stdio: 'pipe' });
  qemuImg('convert', '-f', 'raw', '-O', 'qcow2', ...options, raw, file(name));
  return file(name);
}

function overwrite(path: string, offset: number, bytes: number[]): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, Uint8Array.from(bytes), 0, bytes.length, offset);
  closeSync(fd);
}

test.each([[], ['-o', 'compat=0.10'], ['-c', '-o', 'compression_type=zstd'], ['-o', 'extended_l2=on'], ['-o', 'cluster_size=512']])(
  'a qcow2 made with %j is stored read-only under its digest',
  async (...options) => {
    const entry = await importFile(filledQcow2('good.qcow2', ...options.flat()));
    expect(entry).toMatchObject({ format: 'qcow2', virtualSizeBytes: 4 * MIB });
    expect((await stat(store.pathOf(entry))).mode & 0o777).toBe(0o444);
    expect(await store.list()).toEqual([entry]);
    await store.remove(entry.digest);
    expect(await readdir(join(directory, 'images'))).toEqual([]);
  },
);

async function refused(path: string, reason: RegExp): Promise<void> {
  await expect(importFile(path)).rejects.toMatchObject({ code: 'image-refused', message: expect.stringMatching(reason) as string });
  expect(await readdir(join(directory, 'images'))).toEqual([]);
}

test('what xz has compressed is unpacked as it comes, by path or as a stream, and is the same image as unpacked', async () => {
  const path = filledQcow2('good.qcow2');
  execFileSync('xz', ['-0', '-k', path]);
  const { digest } = await importFile(`${path}.xz`);
  expect(await store.import({ stream: createReadStream(`${path}.xz`) }, ORIGIN, new AbortController().signal)).toMatchObject({ digest, format: 'qcow2', virtualSizeBytes: 4 * MIB });
  expect((await importFile(path)).digest).toBe(digest);
  expect((await readdir(join(directory, 'images'))).toSorted()).toEqual([`${digest}.json`, `${digest}.qcow2`]);
});

test('what xz has compressed is unpacked up to the limit, and only once; a damaged one is refused', async () => {
  const bomb = execFileSync('xz', ['-0', '-c'], { input: Buffer.alloc(64 * MIB) });
  await writeFile(file('damaged.xz'), bomb.subarray(0, bomb.length - 20));
  await refused(file('damaged.xz'), /cannot be unpacked/);
  store = openImageStore(join(directory, 'images'), undefined, { mostBytes: 16 * MIB, reserveBytes: 0 });
  await writeFile(file('bomb.xz'), bomb);
  await refused(file('bomb.xz'), /unpacks to more than 16 MiB/);
  await writeFile(file('twice.xz'), execFileSync('xz', ['-0', '-c'], { input: bomb }));
  await refused(file('twice.xz'), /is an xz-compressed file/);
});

test('a backing file is refused', async () => {
  filledQcow2('base.qcow2');
  qemuImg('create', '-f', 'qcow2', '-b', file('base.qcow2'), '-F', 'qcow2', file('overlay.qcow2'));
  await refused(file('overlay.qcow2'), /backing file/);
});

test('an external data file is refused', async () => {
  qemuImg('create', '-f', 'qcow2', '-o', `data_file=${file('elsewhere.raw')}`, file('external.qcow2'), '4M');
  await refused(file('external.qcow2'), /external data file/);
});

test('an encrypted image is refused', async () => {
  const secret = ['--object', 'secret,id=s,data=abc', '-o', 'encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10'];
  qemuImg('create', '-f', 'qcow2', ...secret, file('secret.qcow2'), '4M');
  await refused(file('secret.qcow2'), /encrypted/);
});

test.each([0.9, 0.5, 0.1])('a download that stopped at %d of its length is refused', async (share) => {
  const path = filledQcow2('short.qcow2');
  await truncate(path, Math.floor((await stat(path)).size * share));
  await refused(path, /truncated/);
});

test('a damaged first-level table is refused', async () => {
  const path = filledQcow2('l1.qcow2');
  overwrite(path, 3 * 65536, [0x80, 0, 0, 0, 0xff, 0xff, 0, 0]);
  await refused(path, /corrupt/);
});

test('a damaged refcount table is refused', async () => {
  const path = filledQcow2('refcount.qcow2');
  overwrite(path, 2 * 65536, Array.from({ length: 64 }, () => 0));
  await refused(path, /corrupt/);
});

test.each(['vmdk', 'vdi', 'vpc', 'vhdx', 'qed'])('a %s image is refused by its name', async (format) => {
  qemuImg('create', '-f', format, file('foreign'), '4M');
  await refused(file('foreign'), /is a (?:VMDK|VirtualBox VDI|VHD|VHDX|QED) image, not a qcow2 or raw disk image/);
});

test('an empty file, a directory and a missing file are called what they are', async () => {
  await writeFile(file('empty'), '');
  await refused(file('empty'), /is empty/);
  await expect(importFile(directory)).rejects.toMatchObject({ code: 'image-refused' });
  await expect(importFile(file('nothing'))).rejects.toMatchObject({ code: 'image-not-found' });
});

test('bytes with another digest than expected are refused', async () => {
  const path = filledQcow2('good.qcow2');
  const wanted = store.import({ path }, ORIGIN, new AbortController().signal, '0'.repeat(64));
  await expect(wanted).rejects.toMatchObject({ code: 'image-refused' });
});

test('a cancelled import leaves nothing behind', async () => {
  const abort = new AbortController();
  const endless = Readable.from((async function* () {
    yield new Uint8Array(MIB);
    abort.abort();
    for (;;) yield new Uint8Array(MIB);
  })());
  await expect(store.import({ stream: endless }, ORIGIN, abort.signal)).rejects.toMatchObject({ code: 'cancelled' });
  expect(await readdir(join(directory, 'images'))).toEqual([]);
});

test.each([
  [{ mostBytes: 2 * MIB, reserveBytes: 0 }, 413, 'image-refused', 'an image is larger than an image may be (0 GiB)'],
  [{ mostBytes: Infinity, reserveBytes: Number.MAX_SAFE_INTEGER }, 507, 'no-space', 'an image does not fit: '],
])('more than %j is not taken of whoever sends it, and he is told', async (limits, status, code, message) => {
  const narrow = openImageStore(join(directory, 'images'), undefined, limits);
  const server = createServer((request, answer) => {
    narrow.import({ stream: request }, ORIGIN, new AbortController().signal).catch((error: unknown) => {
      const { code: word, message: said } = error as HoldfastError;
      answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ code: word, message: said, hint: null }));
    });
  });
  const socket = file('socket');
  await new Promise<void>((resolve) => { server.listen(socket, resolve); });
  const stream = Readable.from(Array.from({ length: 64 }, () => Buffer.alloc(MIB, 'x')));
  await expect(send({ socket, method: 'POST', path: '/', upload: { stream, bytes: 64 * MIB } })).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string });
  expect(await readdir(join(directory, 'images'))).toEqual([]);
  server.close();
});

test('the same bytes sent as a file stay what they are known as', async () => {
  const path = filledQcow2('good.qcow2');
  const built = { ...ORIGIN, sourceName: 'debian:13', os: 'debian', release: '13', architecture: 'x86_64' as const, recipe: 'x' };
  const { digest } = await store.import({ path }, built, new AbortController().signal);
  expect(await importFile(path)).toMatchObject({ ...built, digest });
});

test('sweep removes what a killed import left, and keeps images', async () => {
  const entry = await importFile(filledQcow2('good.qcow2'));
  await writeFile(join(directory, 'images', 'x.partial'), 'half');
  await writeFile(join(directory, 'images', `${'0'.repeat(64)}.raw`), 'no json');
  await store.sweep();
  expect((await readdir(join(directory, 'images'))).toSorted()).toEqual([`${entry.digest}.json`, `${entry.digest}.qcow2`]);
});
