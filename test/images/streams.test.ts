/** Catalogues from a web server that is what it should be, and from one that is not; every signature is a real one. */
import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openWeb } from '../../src/web/request.ts';
import { run } from '../../src/images/run.ts';
import { FRESH_MS, openCatalogues, type Catalogues, type Known } from '../../src/images/streams/catalogues.ts';
import { keyringFile, keyringName, shippedKeyring } from '../../src/images/streams/keyring.ts';
import { indexJson, makeSigner, plantStream, productOf, productsJson, serveTree, type Signer, type Tree } from './stream-tree.ts';
import { openWebServer, type WebServer } from './web-server.ts';

const ID = 'com.ubuntu.cloud:released:download';
const LIST = `/releases/streams/v1/${ID}.sjson`;
const INDEX = '/releases/streams/v1/index.sjson';
const SCRIPT = fileURLToPath(new URL('../../src/images/streams/products-worker.ts', import.meta.url));
const noble = (version = '20240608') => ({ noble: productOf({ aliases: '24.04,n,noble,lts,default', release: 'noble', title: '24.04 LTS', versions: { [version]: { path: 'server/noble.img', bytes: Buffer.from(version) } } }) });

let signer: Signer;
let stranger: Signer;
let late: Signer;
let scratch: string;
let directory: string;
let server: WebServer;
/** As it is while nothing is wrong with it, and a home that knows it. */
let whole: Tree;
let known: string;
let tree: Tree;
/** Requests of the tests before. */
let earlier: number;
let now: number;
let told: string[];
let catalogues: Catalogues;

beforeAll(async () => {
  signer = makeSigner(['--faked-system-time', '20250101T000000']);
  stranger = makeSigner();
  late = makeSigner(['--faked-system-time', '20200101T000000'], '1d');
  scratch = await mkdtemp(join(tmpdir(), 'hf-streams-'));
  server = await openWebServer();
  whole = new Map();
  plantStream(whole, '/releases/', ID, noble(), signer);
  server.behave(serveTree(whole));
  now = 1_800_000_000_000;
  known = await mkdtemp(join(scratch, 'known-'));
  await get(open({ kept: known }));
}, 60_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  for (const each of [signer, stranger, late]) each[Symbol.dispose]();
  await rm(scratch, { recursive: true, force: true });
});
beforeEach(async () => {
  directory = await mkdtemp(join(scratch, 'home-'));
  tree = new Map(whole);
  server.behave(serveTree(tree));
  earlier = server.asked.length;
  now = 1_800_000_000_000;
  told = [];
  catalogues = open();
});

interface How { readonly offline?: string; readonly keys?: string; readonly at?: string; readonly kept?: string; readonly kind?: 'streams' | 'manifest' }

function open({ offline, keys = signer.keys, at = '/releases/', kept = directory, kind = 'streams' }: How = {}): Catalogues {
  return openCatalogues({
    directory: kept, productsScript: SCRIPT, run, ask: openWeb({ env: {}, answerMs: 300 }), stallMs: 300, now: () => now, offline,
    log: (_, message) => told.push(message),
    async sourceOf(name) {
      const keyring = await keyringFile(keys);
      const address = server.origin + at;
      return { name, kind, address, keyring, contentId: undefined, identity: `${address} ${keyringName(keyring)}` };
    },
  });
}

const get = async (from = catalogues, force = false): Promise<Known> => (await from.get(['release'], new AbortController().signal, force))[0]!;
const asked = (): string[] => server.asked.slice(earlier).map(({ url = '' }) => url);
/** What was read before any of this. */
const knowing = async (): Promise<void> => await cp(known, directory, { recursive: true });
const left = async (): Promise<string[]> => (await readdir(directory)).toSorted();

describe('a signed tree', () => {
  test('is read, kept, and not asked again for six hours', async () => {
    expect(await get()).toMatchObject({ trouble: undefined, images: [{ release: '24.04 LTS', version: '20240608', address: `${server.origin}/releases/server/noble.img` }] });
    expect(await get(open())).toMatchObject({ images: [{ version: '20240608' }] });
    expect(asked()).toEqual([INDEX, LIST]);
    expect(await left()).toEqual(['release.json']);
  });

  test('of more than six hours ago is answered at once, and looked at in the background; what is the same is not sent again', async () => {
    await knowing();
    now += FRESH_MS + 1;
    const slow = Promise.withResolvers<void>();
    server.behave((request, response) => void slow.promise.then(() => serveTree(tree)(request, response)));
    expect((await get()).images).toHaveLength(1);
    slow.resolve();
    await expect.poll(async () => JSON.parse(await readFile(join(directory, 'release.json'), 'utf8')) as unknown).toMatchObject({ catalogue: { checkedAt: now, files: [{ images: [{ version: '20240608' }] }] } });
    expect(server.asked.at(-1)?.headers['if-none-match']).toMatch(/^"/);
  });

  test('that is new is taken when it is asked for, whatever its age', async () => {
    await knowing();
    plantStream(tree, '/releases/', ID, noble('20261101'), signer);
    expect((await get()).images).toMatchObject([{ version: '20240608' }]);
    expect((await get(catalogues, true)).images).toMatchObject([{ version: '20261101' }]);
  });

  test('is asked for once by several who want it at once', async () => {
    await Promise.all([get(), get(), get()]);
    expect(asked()).toEqual([INDEX, LIST]);
  });

  test('elsewhere, or with other keys, is another tree', async () => {
    await knowing();
    expect(await get(open({ at: '/other/' }))).toMatchObject({ images: undefined, trouble: { code: 'image-not-found' } });
    expect(await get(open({ keys: stranger.keys }))).toMatchObject({ images: undefined, trouble: { message: expect.stringContaining('not trusted here') } });
  });

  test('says nothing beyond what its signature covers', async () => {
    const evil = `{"format": "index:1.0", "index": {"x": {"datatype": "image-downloads", "path": "evil.sjson"}}}\n`;
    tree.set(INDEX, Buffer.concat([Buffer.from(evil), tree.get(INDEX)!, Buffer.from(evil)]));
    expect((await get()).images).toHaveLength(1);
    expect(asked()).toEqual([INDEX, LIST]);
  });
});

describe('what is refused', () => {
  const swap = (path: string, bytes: Buffer): void => { tree.set(path, bytes); };
  test.each<[string, () => void, RegExp]>([
    ['a list that was changed', () => swap(LIST, Buffer.from(tree.get(LIST)!.toString().replace('server/noble.img', 'server/evil.img'))), /was changed on its way/],
    ['an index that was changed', () => swap(INDEX, Buffer.from(tree.get(INDEX)!.toString().replace('image-downloads', 'image-download5'))), /was changed on its way/],
    ['a list signed by a stranger', () => swap(LIST, stranger.sign(productsJson(ID, noble()))), /not trusted here/],
    ['a list without a signature', () => swap(LIST, Buffer.from(productsJson(ID, noble()))), /signature is missing/],
    ['a list signed twice over', () => swap(LIST, Buffer.concat([tree.get(LIST)!, tree.get(LIST)!])), /cannot be verified/],
    ['a list with a signature that has expired', () => swap(LIST, signer.sign(productsJson(ID, noble()), ['--faked-system-time', '20250601T000000', '--default-sig-expire', '1d'])), /signature has expired/],
    ['a list with a signature of SHA-1', () => swap(LIST, signer.sign(productsJson(ID, noble()), ['--allow-weak-digest-algos', '--digest-algo', 'SHA1'])), /can be forged/],
    ['half of a list', () => swap(LIST, tree.get(LIST)!.subarray(0, 700)), /refused/],
    ['a web page', () => swap(INDEX, Buffer.from('<html>sign in to the network</html>')), /signature is missing/],
    ['the list of another stream', () => swap(LIST, signer.sign(productsJson('com.ubuntu.cloud:daily:download', noble()))), /is another than/],
    ['a list of the wrong kind', () => swap(LIST, signer.sign('[1, 2]')), /no object where/],
    ['a list that is no JSON', () => swap(LIST, signer.sign('{"format"')), /is no JSON/],
    ['brackets without an end', () => swap(LIST, signer.sign('['.repeat(2_000_000))), /is no JSON/],
    ['a path upwards', () => swap(LIST, signer.sign(productsJson(ID, noble()).replace('server/noble.img', '../../noble.img'))), /path that leads elsewhere/],
    ['an index that leads elsewhere', () => swap(INDEX, signer.sign(indexJson(ID, 'https://evil.example/x.sjson'))), /path that leads elsewhere/],
    ['an index that is not there', () => void tree.delete(INDEX), /there is nothing at/],
  ])('%s; what was known before stays, and nothing else', async (_, spoil, message) => {
    await knowing();
    const before = await readFile(join(directory, 'release.json'), 'utf8');
    spoil();
    const { images, trouble } = await get(catalogues, true);
    expect(trouble?.message).toMatch(message);
    expect(images).toMatchObject([{ version: '20240608' }]);
    expect(await readFile(join(directory, 'release.json'), 'utf8')).toBe(before);
    expect(await left()).toEqual(['release.json']);
    expect(told).toHaveLength(1);
  });

  test('a list signed with a key that has expired', async () => {
    plantStream(tree, '/releases/', ID, noble(), late, ['--faked-system-time', '20200101T010000']);
    expect(await get(open({ keys: late.keys }))).toMatchObject({ images: undefined, trouble: { code: 'image-refused', message: expect.stringContaining('a key that has expired') } });
  });

  test('what was signed before that which is here: a mirror could offer images of long ago', async () => {
    await knowing();
    plantStream(tree, '/releases/', ID, noble('20200101'), signer, ['--faked-system-time', '20260101T000000']);
    const { images, trouble } = await get(catalogues, true);
    expect(trouble?.message).toMatch(/was signed on 2026-01-01 at 00:00, and the one that is here on/);
    expect(images).toMatchObject([{ version: '20240608' }]);
  });

  test.each<[string, (response: ServerResponse) => void]>([
    ['says so', (response) => void response.writeHead(200, { 'content-length': 10 ** 10 }).write('x')],
    ['does not say so', (response) => { response.writeHead(200); const more = (): void => { if (!response.destroyed) response.write(Buffer.alloc(256 * 1024), more); }; more(); }],
  ])('an index without an end, when the server %s', async (_, send) => {
    server.behave((_request, response) => send(response));
    expect(await get()).toMatchObject({ images: undefined, trouble: { code: 'image-refused', message: expect.stringContaining('larger than 1024 KiB') } });
    expect(await left()).toEqual([]);
  });
});

describe('a server that fails', () => {
  test.each<[string, (response: ServerResponse) => void, RegExp]>([
    ['is silent', () => {}, /did not answer within 0.3 s/],
    ['falls silent half way', (response) => void response.writeHead(200, { 'content-length': 5000 }).write('half'), /has sent nothing for 0.3 s/],
    ['cuts the line half way', (response) => void response.writeHead(200, { 'content-length': 5000 }).write('half', () => response.destroy()), /was cut|ended after/],
    ['is busy', (response) => void response.writeHead(503).end(), /answered 503/],
  ])('because it %s leaves what was known, and is told', async (_, misbehave, message) => {
    await knowing();
    server.behave((_request, response) => misbehave(response));
    const { images, trouble } = await get(catalogues, true);
    expect([images?.length, trouble?.code]).toEqual([1, 'download-failed']);
    expect(trouble?.message).toMatch(message);
    expect(await left()).toEqual(['release.json']);
  });

  test('is not waited for again at once, where nothing is known of it', async () => {
    server.behave((_request, response) => void response.writeHead(503).end());
    expect((await get()).trouble?.code).toBe('download-failed');
    expect((await get()).trouble?.code).toBe('download-failed');
    expect(asked()).toEqual([INDEX]);
    expect(await catalogues.isSettled(['release'])).toBe(true);
    now += 61_000;
    expect(await catalogues.isSettled(['release'])).toBe(false);
    server.behave(serveTree(tree));
    expect((await get()).images).toHaveLength(1);
  });

  test('does not hold whoever leaves', async () => {
    server.behave(() => {});
    const abort = new AbortController();
    const waiting = catalogues.get(['release'], abort.signal);
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    await expect.poll(() => told).toHaveLength(1);
  });
});

test('offline nobody is asked, and what is kept is used', async () => {
  await knowing();
  now += FRESH_MS * 100;
  const offline = open({ offline: 'nobody is to be asked' });
  expect((await get(offline)).images).toHaveLength(1);
  expect((await get(offline, true)).trouble?.message).toBe('nobody is to be asked');
  expect(asked()).toEqual([]);
});

test('a manifest of distributions is read, and its own checksums stand for it', async () => {
  const manifest = { Debian: { aliases: 'debian, trixie', os: 'Debian', release_title: '13', items: { x86_64: { id: 'a'.repeat(64), image_location: 'https://images.example/x.qcow2', size: 1, version: '20260112' } } } };
  tree.set('/distributions.json', Buffer.from(JSON.stringify(manifest)));
  const from = open({ at: '/distributions.json', kind: 'manifest' });
  expect((await get(from)).images).toMatchObject([{ aliases: ['debian', 'trixie'] }]);
  expect((await get(from, true)).images).toHaveLength(1);
  expect(server.asked.at(-1)?.headers['if-none-match']).toMatch(/^"/);
});

test('what a refresh that was killed has left is cleared away at start', async () => {
  await knowing();
  await mkdir(join(directory, 'release-1234'));
  await writeFile(join(directory, 'release-1234/signed'), 'half');
  await writeFile(join(directory, 'release.json.new'), 'half');
  await catalogues.sweep();
  expect(await left()).toEqual(['release.json']);
});

test.runIf(process.getuid?.() === 0)('a full disk leaves what was known, and nothing half made', async () => {
  const small = join(directory, 'small');
  await mkdir(small);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', small]);
  try {
    const from = open({ kept: small });
    expect((await get(from)).images).toHaveLength(1);
    await writeFile(join(small, 'filler'), Buffer.alloc(200 * 1024)).catch(() => undefined);
    const { images, trouble } = await get(from, true);
    expect([images?.length, trouble?.code]).toEqual([1, 'no-space']);
    expect((await readdir(small)).toSorted()).toEqual(['filler', 'release.json']);
  } finally {
    execFileSync('umount', [small]);
  }
});

test('the keys that Holdfast brings are Ubuntu\'s', async () => {
  const keys = await shippedKeyring(fileURLToPath(new URL('../../src/images/streams/keys', import.meta.url)), ['ubuntu-cloud-images', 'ubuntu-cd-images']);
  const listed = execFileSync('gpg', ['--homedir', directory, '--batch', '--no-tty', '--with-colons', '--show-keys'], { input: keys, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
  expect([...listed.matchAll(/^fpr:+([0-9A-F]+):/gm)].map(([, fingerprint]) => fingerprint)).toEqual(['D2EB44626FDDC30B513D5BB71A5D6C4C7DB87C81', '843938DF228D22F7B3742BC0D94AA3F0EFE21092']);
});
