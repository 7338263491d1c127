/** Images from a web server that cuts, lies, stalls and changes its mind. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { parseChecksum } from '../../src/core/checksum.ts';
import { imageDownloads, type Downloads, type DownloadSetup } from '../../src/images/download/downloads.ts';
import { openImageStore, type ImageStore } from '../../src/images/store.ts';
import { openWebServer, serve, type WebServer } from './web-server.ts';

const MIB = 1024 * 1024;
const ETAG = '"one"';
let scratch: string;
let image: Buffer;
let other: Buffer;
let directory: string;
let store: ImageStore;
let server: WebServer;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'holdfast-web-'));
  [image, other] = await Promise.all([qcow2('image'), qcow2('other')]);
});
afterAll(() => rm(scratch, { recursive: true, force: true }));
beforeEach(async () => {
  directory = await mkdtemp(join(scratch, 'home-'));
  store = openImageStore(join(directory, 'images'));
  server = await openWebServer();
});
afterEach(() => server[Symbol.asyncDispose]());

/** With 4 MiB of data that does not compress. */
async function qcow2(name: string): Promise<Buffer> {
  execFileSync('dd', ['if=/dev/urandom', `of=${join(scratch, `${name}.raw`)}`, 'bs=1M', 'count=4'], { stdio: 'pipe' });
  execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', join(scratch, `${name}.raw`), join(scratch, name)], { stdio: 'pipe' });
  return await readFile(join(scratch, name));
}

const hex = (bytes: Buffer, algorithm = 'sha256'): string => createHash(algorithm).update(bytes).digest('hex');
const url = (path = '/disk.qcow2'): string => `${server.origin}${path}`;

function downloads(more: Partial<DownloadSetup> = {}): Downloads {
  return imageDownloads({
    store, directory: join(directory, 'images', 'downloads'), env: {}, now: () => new Date(), random: () => 0, ...more,
    limits: { stallMs: 10_000, ...more.limits },
  });
}

function fetch(from: Downloads, more: { url?: string; checksum?: string; signal?: AbortSignal; progress?: (stage: string, fraction?: number) => void } = {}) {
  return from.fetch(
    { url: more.url ?? url(), checksum: more.checksum === undefined ? undefined : parseChecksum(more.checksum) },
    { signal: more.signal ?? new AbortController().signal, progress: more.progress ?? (() => {}) },
  );
}

const left = async (): Promise<string[]> => (await readdir(join(directory, 'images', 'downloads')).catch(() => [])).filter((name) => !name.endsWith('.fetched.json'));
/** Where each request began. What was on the line when it was cut may or may not have arrived. */
const starts = (): number[] => server.asked.map(({ headers }) => Number(/^bytes=(\d+)-$/.exec(headers.range ?? 'bytes=0-')?.[1]));
const nearly = (bytes: number): unknown => expect.toSatisfy((start: number) => start <= bytes && start > bytes - MIB / 4);

test('an image is downloaded, tells how far it is, and is in the store under its digest', async () => {
  server.behave(serve({ bytes: image, etag: ETAG }));
  const told: [string, number | undefined][] = [];
  const { entry, notices } = await fetch(downloads(), { url: url('/a/disk.qcow2?key=secret'), progress: (stage, fraction) => told.push([stage, fraction]) });
  expect(entry).toMatchObject({ digest: hex(image), format: 'qcow2', sourceName: url('/a/disk.qcow2') });
  expect(await readFile(store.pathOf(entry))).toEqual(image);
  expect(told).toContainEqual(['Retrieving image', 1]);
  expect(told.findIndex(([stage]) => stage === 'Verifying image')).toBeGreaterThan(told.findLastIndex(([stage]) => stage === 'Retrieving image'));
  expect(notices).toEqual([`${url('/a/disk.qcow2')} came over plain http and without a checksum: nobody vouches for what is in it`]);
  expect(await left()).toEqual([]);
});

test('what is cut off goes on where it was, again and again', async () => {
  server.behave(serve({ bytes: image, etag: ETAG }, 1.5 * MIB));
  expect((await fetch(downloads())).entry.digest).toBe(hex(image));
  const [first = NaN, second = NaN, third = NaN] = starts();
  expect([first, second, third]).toEqual([0, nearly(1.5 * MIB), nearly(second + 1.5 * MIB)]);
});

test('a file that changed in between is begun anew, and is whole', async () => {
  server.behave((request, response) => {
    serve({ bytes: image, etag: ETAG }, MIB)(request, response);
    server.behave(serve({ bytes: other, etag: '"two"' }));
  });
  expect((await fetch(downloads())).entry.digest).toBe(hex(other));
  expect(starts()).toEqual([0, nearly(MIB)]);
});

test.each<[string, (from: number) => Record<string, string | number>]>([
  ['another place', (from) => ({ 'content-range': `bytes ${from + 1}-${image.length - 1}/${image.length}`, etag: ETAG })],
  ['a file of another length', (from) => ({ 'content-range': `bytes ${from}-${image.length}/${image.length + 1}`, etag: ETAG })],
  ['another file', (from) => ({ 'content-range': `bytes ${from}-${image.length - 1}/${image.length}`, etag: '"two"' })],
])('a server that answers the range of %s is not believed: the download begins anew', async (_, headers) => {
  server.behave((first, cut) => {
    serve({ bytes: image, etag: ETAG }, MIB)(first, cut);
    server.behave((__, response) => {
      const from = starts().at(-1) ?? 0;
      response.writeHead(206, headers(from)).end(Buffer.alloc(image.length - from));
      server.behave(serve({ bytes: image, etag: ETAG }));
    });
  });
  expect((await fetch(downloads())).entry.digest).toBe(hex(image));
  expect(starts()).toEqual([0, nearly(MIB), 0]);
});

test.each<[string | undefined]>([[undefined], ['W/"weak"']])('with the validator %j and no checksum nothing is continued', async (etag) => {
  server.behave((request, response) => {
    serve({ bytes: image, ...(etag === undefined ? {} : { etag }) }, MIB)(request, response);
    server.behave(serve({ bytes: image }));
  });
  expect((await fetch(downloads())).entry.digest).toBe(hex(image));
  expect(starts()).toEqual([0, 0]);
});

test('where a checksum is known it is continued without one, and begun anew once when the whole is another', async () => {
  const checksum = `sha256:${hex(image)}`;
  server.behave(serve({ bytes: image }, 1.5 * MIB));
  expect((await fetch(downloads(), { checksum })).entry.digest).toBe(hex(image));
  const [first = NaN, second = NaN, third = NaN] = starts();
  expect([first, second, third]).toEqual([0, nearly(1.5 * MIB), nearly(second + 1.5 * MIB)]);
  expect(server.asked.every(({ headers }) => headers['if-range'] === undefined)).toBe(true);
  await store.remove(hex(image));

  const pieced = server.asked.length;
  server.behave((request, response) => {
    serve({ bytes: other.subarray(0, image.length) }, MIB)(request, response);
    server.behave(serve({ bytes: image }));
  });
  expect((await fetch(downloads(), { checksum, url: url('/changed') })).entry.digest).toBe(hex(image));
  expect(starts().slice(pieced)).toEqual([0, nearly(MIB), 0]);
  await store.remove(hex(image));

  const wrong = server.asked.length;
  server.behave(serve({ bytes: other }, 3 * MIB));
  await expect(fetch(downloads(), { checksum, url: url('/other') })).rejects.toMatchObject({ code: 'image-refused', message: expect.stringContaining(hex(other)) as string });
  expect(starts().slice(wrong)).toEqual([0, nearly(3 * MIB), 0, nearly(3 * MIB)]);
  expect(await left()).toEqual([]);
});

test('a line that is always cut at the same place is given up, and what arrived is kept for the next launch', async () => {
  const lastModified = 'Tue, 01 Sep 2026 10:00:00 GMT';
  server.behave((request, response) => serve({ bytes: image, lastModified }, request.headers.range === undefined ? MIB : 0)(request, response));
  await expect(fetch(downloads())).rejects.toMatchObject({ code: 'download-failed', hint: expect.stringContaining('goes on from there') as string });
  expect(server.asked).toHaveLength(6);
  server.behave(serve({ bytes: image, lastModified }));
  expect((await fetch(downloads())).entry.digest).toBe(hex(image));
  expect(starts().at(-1)).toEqual(nearly(MIB));
});

test('a server that promises more than it sends is found out', async () => {
  server.behave((_, response) => {
    response.writeHead(200, { 'content-length': image.length + 1 }).write(image);
    response.end();
    response.destroy();
  });
  await expect(fetch(downloads())).rejects.toMatchObject({ code: 'download-failed' });
});

test('a server that promises less than the image has leaves an image that is refused', async () => {
  server.behave((_, response) => response.writeHead(200, { 'content-length': 3 * MIB, etag: ETAG }).end(image.subarray(0, 3 * MIB)));
  await expect(fetch(downloads())).rejects.toMatchObject({ code: 'image-refused' });
  expect(await left()).toEqual([]);
});

test('a server that sends without an end is stopped at the limit', async () => {
  server.behave((_, response) => {
    response.writeHead(200);
    const send = (): void => { if (!response.destroyed) response.write(Buffer.alloc(MIB), () => send()); };
    send();
  });
  await expect(fetch(downloads({ limits: { mostBytes: 8 * MIB } }))).rejects.toMatchObject({ code: 'image-refused', message: expect.stringContaining('larger than') as string });
});

test('a file that says it is too large, or does not fit on the disk, is not begun', async () => {
  server.behave((_, response) => response.writeHead(200, { 'content-length': 2 ** 50 }).flushHeaders());
  await expect(fetch(downloads())).rejects.toMatchObject({ code: 'image-refused' });
  await expect(fetch(downloads({ limits: { mostBytes: 2 ** 51 } }))).rejects.toMatchObject({ code: 'no-space' });
});

test.runIf(process.getuid?.() === 0 && process.platform === 'linux')('a disk that becomes full half way is told of, nothing can be launched of what came, and with space it is fetched', async () => {
  const images = join(directory, 'images');
  await mkdir(images, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2M', 'hf-small', images]);
  onTestFinished(() => { execFileSync('umount', [images]); });
  // It does not say how much it will be.
  server.behave((_, response) => response.writeHead(200, { etag: ETAG }).end(image));
  await expect(fetch(downloads())).rejects.toMatchObject({ code: 'no-space', hint: expect.stringContaining('free some') as string });
  expect(await store.list()).toEqual([]);
  execFileSync('mount', ['-o', 'remount,size=1G', images]);
  server.behave(serve({ bytes: image, etag: ETAG }));
  await fetch(downloads());
  expect(await store.list()).toHaveLength(1);
});

test('a server that falls silent is left, and asked again', async () => {
  server.behave((_, response) => {
    response.writeHead(200, { 'content-length': image.length, etag: ETAG }).write(image.subarray(0, MIB));
    server.behave(serve({ bytes: image, etag: ETAG }));
  });
  expect((await fetch(downloads({ limits: { stallMs: 500 } }))).entry.digest).toBe(hex(image));
  expect(starts()).toEqual([0, nearly(MIB)]);
});

test('a server that never answers is given up', async () => {
  server.behave(() => {});
  await expect(fetch(downloads({ limits: { stallMs: 200 } }))).rejects.toMatchObject({ code: 'download-failed', message: expect.stringContaining('did not answer') as string });
});

test('whoever cancels has the part kept, and goes on from it', async () => {
  const abort = new AbortController();
  server.behave((_, response) => void response.writeHead(200, { 'content-length': image.length, etag: ETAG }).write(image.subarray(0, 2 * MIB)));
  const progress = (_stage: string, fraction?: number): void => { if ((fraction ?? 0) * image.length >= 2 * MIB) abort.abort(); };
  await expect(fetch(downloads(), { signal: abort.signal, progress })).rejects.toMatchObject({ name: 'AbortError' });
  server.behave(serve({ bytes: image, etag: ETAG }));
  expect((await fetch(downloads())).entry.digest).toBe(hex(image));
  expect(starts().at(-1)).toEqual(nearly(2 * MIB));
});

test('two who want the same share one download; it goes on as long as one of them waits', async () => {
  const gate = Promise.withResolvers<void>();
  server.behave((request, response) => void gate.promise.then(() => serve({ bytes: image, etag: ETAG })(request, response)));
  const abort = new AbortController();
  const all = downloads();
  const [first, second] = [fetch(all, { signal: abort.signal }), fetch(all)];
  await expect.poll(() => server.asked.length).toBe(1);
  abort.abort();
  await expect(first).rejects.toMatchObject({ name: 'AbortError' });
  gate.resolve();
  expect((await second).entry.digest).toBe(hex(image));
  expect(server.asked).toHaveLength(1);
});

test.each(['sha256', 'sha512'])('a %s is compared before anything is kept, and one that agrees asks nobody the next time', async (algorithm) => {
  server.behave(serve({ bytes: image, etag: ETAG }));
  const wrong = `${algorithm}:${hex(other, algorithm)}`;
  await expect(fetch(downloads(), { checksum: wrong })).rejects.toMatchObject({ code: 'image-refused', message: expect.stringContaining(`${hex(image, algorithm)}, not ${wrong}`) as string });
  expect([await store.list(), await left()]).toEqual([[], []]);
  const right = `${algorithm}:${hex(image, algorithm)}`;
  expect(await fetch(downloads(), { checksum: right })).toMatchObject({ entry: { digest: hex(image) }, notices: [] });
  const asked = server.asked.length;
  expect((await fetch(downloads(), { checksum: right })).entry.digest).toBe(hex(image));
  expect(server.asked).toHaveLength(asked);
});

test('the second time the server is only asked whether it is still the same; a new content is downloaded', async () => {
  server.behave(serve({ bytes: image, etag: ETAG }));
  await fetch(downloads());
  expect((await fetch(downloads())).entry.digest).toBe(hex(image));
  expect(server.asked).toHaveLength(2);
  expect(server.asked[1]?.headers['if-none-match']).toBe(ETAG);
  server.behave(serve({ bytes: other, etag: '"two"' }));
  expect((await fetch(downloads())).entry.digest).toBe(hex(other));
});

test('without the server what was fetched is used, and said so; what was not fetched fails', async () => {
  server.behave(serve({ bytes: image, etag: ETAG }));
  const address = url();
  await fetch(downloads());
  await server[Symbol.asyncDispose]();
  const { entry, notices } = await fetch(downloads(), { url: address });
  expect(entry.digest).toBe(hex(image));
  expect(notices).toEqual([expect.stringContaining('nobody vouches'), expect.stringMatching(/cannot be reached: nobody listens there; the image that was fetched from .* is used/)]);
  await expect(fetch(downloads(), { url: `${address}2` })).rejects.toMatchObject({ code: 'download-failed', message: expect.stringContaining('nobody listens there') as string });
});

test('redirects are followed, a circle of them is left, and one that leads nowhere is refused', async () => {
  server.behave((request, response) => {
    if (request.url === '/disk.qcow2') response.writeHead(302, { location: '/b' }).end();
    else if (request.url === '/b') serve({ bytes: image })(request, response);
    else response.writeHead(302, { location: request.url === '/circle' ? '/circle' : 'file:///etc/passwd' }).end();
  });
  expect((await fetch(downloads())).entry.digest).toBe(hex(image));
  await expect(fetch(downloads(), { url: url('/circle') })).rejects.toMatchObject({ code: 'download-failed', message: expect.stringContaining('more than 5 times') as string });
  await expect(fetch(downloads(), { url: url('/file') })).rejects.toMatchObject({ code: 'download-failed', message: expect.stringContaining('leads nowhere') as string });
});

test.each([
  [404, {}, '', 'image-not-found', 'there is nothing at'],
  [403, {}, '', 'download-failed', 'is not given out (403)'],
  [503, {}, '', 'download-failed', 'the server answered 503'],
  [200, { 'content-type': 'text/html; charset=utf-8' }, '<html>', 'download-failed', 'is a web page'],
  [200, { 'content-encoding': 'gzip' }, 'x', 'download-failed', 'in the encoding "gzip"'],
  [200, {}, '<html><body>Sign in</body></html>', 'image-refused', 'is an HTML page'],
  [200, {}, '', 'image-refused', 'is empty'],
] as const)('an answer %d %j %j is told as what it is', async (status, headers, body, code, message) => {
  server.behave((_, response) => response.writeHead(status, headers).end(body));
  await expect(fetch(downloads())).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string });
  expect((await left()).filter((name) => name.endsWith('.part'))).toEqual([]);
});

test('an image that came compressed by xz is unpacked; its checksum is that of the compressed file', async () => {
  const packed = execFileSync('xz', ['-0', '-c', join(scratch, 'image')], { maxBuffer: 64 * MIB });
  server.behave(serve({ bytes: packed, etag: ETAG }));
  expect((await fetch(downloads(), { checksum: `sha256:${hex(packed)}` })).entry).toMatchObject({ digest: hex(image), format: 'qcow2' });
  expect((await fetch(downloads())).entry.digest).toBe(hex(image));
  expect(await left()).toEqual([]);
});

test('a small file that unpacks to a large one is stopped at the limit, and a damaged one is refused', async () => {
  const bomb = execFileSync('xz', ['-0', '-c'], { input: Buffer.alloc(64 * MIB) });
  server.behave(serve({ bytes: bomb }));
  await expect(fetch(downloads({ limits: { mostBytes: 16 * MIB } }))).rejects.toMatchObject({ code: 'image-refused', message: expect.stringContaining('unpacks to more than 16 MiB') as string });
  server.behave(serve({ bytes: bomb.subarray(0, bomb.length - 20) }));
  await expect(fetch(downloads())).rejects.toMatchObject({ code: 'image-refused', message: expect.stringContaining('cannot be unpacked') as string });
  expect(await left()).toEqual([]);
});

test.each(['ftp://host/disk', 'http://', 'https://ann:secret@host/disk'])('%s is no address that is taken', async (address) => {
  await expect(fetch(downloads(), { url: address })).rejects.toMatchObject({ code: 'bad-argument', message: expect.not.stringContaining('secret') as string });
});

test('the proxy of the environment is asked, and left out where no_proxy says so', async () => {
  server.behave(serve({ bytes: image }));
  const env = { http_proxy: server.origin };
  expect((await fetch(downloads({ env }), { url: 'http://images.example/disk.qcow2' })).entry.digest).toBe(hex(image));
  expect(server.asked[0]?.url).toBe('http://images.example/disk.qcow2');
  await expect(fetch(downloads({ env: { ...env, no_proxy: 'images.invalid' } }), { url: 'http://images.invalid/disk.qcow2' })).rejects.toMatchObject({ code: 'download-failed' });
  expect(server.asked).toHaveLength(1);
});

test('over TLS the authority must be one that is trusted, and nothing leads from there to plain http', async () => {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-keyout', join(scratch, 'key'), '-out', join(scratch, 'cert'), ...subject], { stdio: 'pipe' });
  const cert = await readFile(join(scratch, 'cert'), 'utf8');
  await using secure = await openWebServer({ key: await readFile(join(scratch, 'key'), 'utf8'), cert });
  secure.behave(serve({ bytes: image, etag: ETAG }));
  const address = `${secure.origin}/disk.qcow2`;
  await expect(fetch(downloads(), { url: address })).rejects.toMatchObject({ code: 'download-failed', message: expect.stringContaining('self-signed certificate') as string });
  expect(await fetch(downloads({ ca: [cert] }), { url: address })).toMatchObject({ entry: { digest: hex(image) }, notices: [] });
  secure.behave((_, response) => response.writeHead(302, { location: url() }).end());
  await expect(fetch(downloads({ ca: [cert] }), { url: `${address}2` })).rejects.toMatchObject({ code: 'download-failed', message: expect.stringContaining('from https to plain http') as string });
  expect(server.asked).toEqual([]);
});

test('a part that nobody went on with is swept after a week', async () => {
  server.behave(serve({ bytes: image, etag: ETAG }, 0));
  await expect(fetch(downloads())).rejects.toMatchObject({ code: 'download-failed' });
  await downloads().sweep();
  const part = (await left()).find((name) => name.endsWith('.part'));
  expect(part).toBeDefined();
  const old = Date.now() / 1000 - 8 * 86_400;
  await utimes(join(directory, 'images', 'downloads', part ?? ''), old, old);
  await downloads().sweep();
  expect(await left()).toEqual([]);
});
