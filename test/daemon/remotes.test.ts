/** Find and launch from remotes: a real daemon with fake machines, and signed trees with small images on loopback. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { WireLaunch, WireOperation } from '../../src/api/schemas.ts';
import { makeSigner, plantStream, productOf, serveTree, type Signer, type Tree } from '../images/stream-tree.ts';
import { openWebServer, type WebServer } from '../images/web-server.ts';
import { makeFakeHome, tinyDisk, type FakeHome } from './fake-home.ts';

/** Disks that are told apart by what is in them. */
const disk = (byte: number): Buffer => tinyDisk().fill(byte, 4096, 8192);
const hex = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const [jammy, noble, oldNoble, nobleArm, devel, debian, spoilt, buildd] = [disk(1), disk(2), disk(3), disk(4), disk(5), disk(6), disk(8), disk(9)] as const;
const core = execFileSync('xz', ['-0', '-c'], { input: disk(7) });
const HOST = process.arch === 'arm64' ? 'arm64' : 'amd64';
const OTHER = HOST === 'arm64' ? 'amd64' : 'arm64';

let home: FakeHome;
let server: WebServer;
let signer: Signer;
let tree: Tree;

function plant(): void {
  tree = new Map();
  const put = (at: string, path: string, bytes: Buffer): { path: string; bytes: Buffer } => { tree.set(`/${at}/${path}`, bytes); return { path, bytes }; };
  plantStream(tree, '/releases/', 'com.ubuntu.cloud:released:download', {
    jammy: productOf({ arch: HOST, aliases: '22.04,j,jammy', release: 'jammy', title: '22.04 LTS', versions: { '20240612': put('releases', 'server/jammy.img', jammy) } }),
    mantic: productOf({ arch: HOST, aliases: '23.10,m,mantic', release: 'mantic', title: '23.10', supported: false, versions: { '20240710': put('releases', 'server/mantic.img', oldNoble) } }),
    noble: productOf({ arch: HOST, aliases: '24.04,n,noble,lts,default', release: 'noble', title: '24.04 LTS', versions: { '20240423': put('releases', 'server/old.img', oldNoble), '20240608': put('releases', 'server/noble.img', noble) } }),
    nobleOther: productOf({ arch: OTHER, aliases: '24.04,n,noble,lts,default', release: 'noble', title: '24.04 LTS', versions: { '20240608': put('releases', 'server/other.img', nobleArm) } }),
  }, signer);
  plantStream(tree, '/daily/', 'com.ubuntu.cloud:daily:download', {
    noble: productOf({ arch: HOST, aliases: '24.04,n,noble,lts', release: 'noble', title: '24.04 LTS', versions: { '20261120': put('daily', 'server/noble.img', noble) } }),
    devel: productOf({ arch: HOST, aliases: '26.10,s,stonking,devel', release: 'stonking', title: '26.10', versions: { '20261121': put('daily', 'server/devel.img', devel) } }),
    spoilt: productOf({ arch: HOST, supported: false, aliases: 'spoilt', release: 'spoilt', title: '25.10', versions: { '20261121': put('daily', 'server/spoilt.img', spoilt) } }),
  }, signer);
  plantStream(tree, '/buildd/daily/', 'com.ubuntu.cloud:daily:buildd', {
    jammy: productOf({ arch: HOST, aliases: 'core22,22.04,jammy', release: 'jammy', title: '22.04 LTS', versions: { '20261102': put('buildd/daily', 'jammy/buildd.img', buildd) } }),
  }, signer);
  plantStream(tree, '/core/', 'com.ubuntu.cdimage.core', {
    core: productOf({ arch: HOST, os: 'ubuntu-core', aliases: 'core24', release: '24', title: '24', versions: { current: { item: 'img.xz', ...put('core', '24/core.img.xz', core) } } }),
  }, signer);
  tree.set('/debian.qcow2', debian);
  tree.set('/distributions.json', Buffer.from(JSON.stringify({
    Debian: { aliases: 'debian, trixie', os: 'Debian', release_title: '13', items: { [HOST === 'amd64' ? 'x86_64' : 'arm64']: { id: `sha512:${createHash('sha512').update(debian).digest('hex')}`, image_location: `${server.origin}/debian.qcow2`, size: debian.length, version: '20260112' } } },
  })));
}

beforeAll(async () => {
  signer = makeSigner(['--faked-system-time', '20250101T000000']);
  server = await openWebServer();
  plant();
  server.behave(serveTree(tree));
  home = await makeFakeHome();
  await home.start();
  for (const [key, value] of Object.entries({
    'local.image.keys': signer.keys, 'local.image.mirror': server.origin, 'local.image.remote.core': `${server.origin}/core`, 'local.image.remote.distributions': `${server.origin}/distributions.json`,
  })) await home.client.call('putSetting', { params: { key }, body: { value } });
  await home.kill();
  await home.start(undefined, true);
}, 60_000);
afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  signer[Symbol.dispose]();
}, 60_000);
beforeEach(() => server.behave(serveTree(tree)));

const find = (query: { name?: string; unsupported?: 'true'; force?: 'true'; architecture?: string } = {}) => home.client.call('findImages', { query });
const ended = async ({ id }: WireOperation): Promise<WireOperation> => await home.client.follow(id, () => {});
const launch = async (body: WireLaunch): Promise<WireOperation> => await ended(await home.client.call('launch', { body: { cold: true, ...body } }));
const purge = async (name: string): Promise<void> => void await ended(await home.client.call('act', { params: { name }, body: { action: 'delete', purge: true } }));
const stored = async (): Promise<string[]> => (await home.client.call('listImages', {})).images.map(({ digest }) => digest);
const names = async (): Promise<string[]> => (await home.client.call('listInstances', {})).instances.map(({ name }) => name);

describe('find', () => {
  test('lists what the remotes publish, as Multipass does', async () => {
    const { images, errors } = await find();
    expect(errors).toEqual([]);
    expect(images.map(({ name, aliases, remote, os, release, version }) => [name, aliases.join(), remote, `${os} ${release}`, version])).toEqual([
      ['22.04', 'jammy', '', 'Ubuntu 22.04 LTS', '20240612'], ['24.04', 'noble,lts', '', 'Ubuntu 24.04 LTS', '20240608'],
      ['daily:26.10', 'stonking,devel', 'daily', 'Ubuntu 26.10', '20261121'], ['core:core24', '', 'core', 'Ubuntu Core 24', 'current'], ['debian', 'trixie', '', 'Debian 13', '20260112'],
    ]);
  });
  test('shows old releases, one remote, one name, a hash, and another architecture where that is asked for', async () => {
    const shown = async (query: Parameters<typeof find>[0]) => (await find(query)).images.map(({ name }) => name);
    expect(await shown({ unsupported: 'true' })).toContain('23.10');
    expect(await shown({ name: 'daily:' })).toEqual(['daily:24.04', 'daily:26.10']);
    expect(await shown({ name: 'noble' })).toEqual(['noble']);
    expect(await shown({ name: hex(jammy).slice(0, 12) })).toEqual([hex(jammy).slice(0, 12)]);
    expect(await shown({ architecture: OTHER })).toEqual(['24.04']);
    expect(await shown({ name: 'nothing' })).toEqual([]);
  });
  test('shows snapcraft\'s images to who names that remote, and to nobody else', async () => {
    const shown = async (name?: string) => (await find(name === undefined ? {} : { name })).images.map((each) => [each.name, each.remote]);
    expect(await shown('snapcraft:')).toEqual([['snapcraft:core22', 'snapcraft']]);
    expect((await shown()).filter(([, remote]) => remote === 'snapcraft')).toEqual([]);
    expect(await shown('core22')).toEqual([]);
  });
  test('of a remote that is not there is refused', async () => {
    await expect(find({ name: 'weekly:' })).rejects.toMatchObject({ message: 'Remote "weekly" is unknown or unreachable.' });
  });
  test('answers from what is known while the remotes are down, and tells who asks them all the same', async () => {
    server.behave((_, response) => void response.writeHead(503).end());
    expect((await find()).errors).toEqual([]);
    const { images, errors } = await find({ force: 'true' });
    expect([images.length, errors.length]).toEqual([5, 4]);
    expect(errors[0]).toContain('answered 503');
  });
});

describe('launch', () => {
  test('without a name of an image starts the current Ubuntu LTS', async () => {
    expect(await launch({ name: 'apollo' })).toMatchObject({ status: 'done' });
    expect(await home.client.call('getInstance', { params: { name: 'apollo' } })).toMatchObject({ image: { name: '24.04', os: 'Ubuntu', release: '24.04 LTS', digest: hex(noble) } });
  });
  test.each<[string, WireLaunch, object]>([
    ['an alias', { image: 'jammy' }, { name: '22.04', digest: hex(jammy) }],
    ['a remote and an alias', { image: 'daily:devel' }, { name: 'daily:26.10', release: '26.10', digest: hex(devel) }],
    ['a release that is not supported any more', { image: '23.10' }, { digest: hex(oldNoble) }],
    ['the first digits of a hash', { image: hex(nobleArm).slice(0, 10), architecture: OTHER }, { digest: hex(nobleArm) }],
    ['an alias for another architecture', { image: 'noble', architecture: OTHER }, { digest: hex(nobleArm) }],
    ['a distribution', { image: 'trixie' }, { name: 'debian', os: 'Debian', digest: hex(debian) }],
    ['an image of snapcraft\'s', { image: 'snapcraft:core22' }, { name: 'snapcraft:core22', release: '22.04 LTS', digest: hex(buildd) }],
    ['Ubuntu Core, which comes packed', { image: 'core:core24' }, { name: 'core:core24', digest: hex(disk(7)) }],
  ])('takes %s', async (_, body, image) => {
    expect(await launch({ name: 'hermes', ...body })).toMatchObject({ status: 'done' });
    expect(await home.client.call('getInstance', { params: { name: 'hermes' } })).toMatchObject({ image });
    await purge('hermes');
  });
  test.each<[string, object]>([
    ['nothing', { code: 'image-not-found', message: 'there is no image "nothing"' }],
    ['daily:jammy', { code: 'image-not-found' }],
    ['weekly:noble', { message: 'Remote "weekly" is unknown or unreachable.' }],
    ['local:noble', { code: 'image-not-found' }],
  ])('of %j is refused before anything is begun', async (image, error) => {
    await expect(launch({ image })).rejects.toMatchObject(error);
  });
  test('of a hash that two begin with names both', async () => {
    // One that claims the first ten digits of another's.
    const list = tree.get('/releases/streams/v1/com.ubuntu.cloud:released:download.sjson')!;
    const products = JSON.parse(/^\{[^]*^\}/m.exec(list.toString())![0]) as { products: Record<string, { versions: Record<string, { items: Record<string, { sha256: string }> }> }> };
    products.products['jammy']!.versions['20240612']!.items['disk1.img']!.sha256 = hex(noble).slice(0, 10) + '0'.repeat(54);
    tree.set('/releases/streams/v1/com.ubuntu.cloud:released:download.sjson', signer.sign(JSON.stringify(products)));
    await find({ force: 'true' });
    await expect(launch({ image: hex(noble).slice(0, 10) })).rejects.toMatchObject({ code: 'refused', message: `Too many images matching "${hex(noble).slice(0, 10)}"` });
    plant();
    server.behave(serveTree(tree));
    await find({ force: 'true' });
  });
  test.each<[string, Buffer]>([
    ['other bytes', disk(9)], ['more bytes', Buffer.concat([spoilt, spoilt])], ['fewer bytes', spoilt.subarray(0, 5000)],
  ])('of an image that has %s than the list says fails, and leaves nothing', async (_, bytes) => {
    const before = await stored();
    tree.set('/daily/server/spoilt.img', bytes);
    expect(await launch({ name: 'hermes', image: 'daily:spoilt' })).toMatchObject({ status: 'failed', error: { code: 'image-refused' } });
    expect(await stored()).toEqual(before);
    expect((await readdir(join(home.directory, 'images/downloads'))).filter((name) => !name.endsWith('.fetched.json'))).toEqual([]);
    expect(await names()).toEqual(['apollo']);
  });
});

describe('a home without a network', () => {
  beforeAll(async () => {
    await home.kill();
    await home.start();
  }, 60_000);
  test('finds and launches what is known and here', async () => {
    expect((await find()).images).toHaveLength(5);
    expect(await launch({ name: 'offline' })).toMatchObject({ status: 'done' });
    expect(await home.client.call('getInstance', { params: { name: 'offline' } })).toMatchObject({ image: { digest: hex(noble) } });
    await purge('offline');
  });
  test('keeps what is used, and removes what nobody has used for two weeks', async () => {
    const images = join(home.directory, 'images');
    const long = new Date(Date.now() - 15 * 86_400_000);
    for (const name of (await readdir(images)).filter((each) => /^[0-9a-f]{64}\.json$/.test(each))) await utimes(join(images, name), long, long);
    await utimes(join(images, `${hex(jammy)}.json`), new Date(), new Date());
    await writeFile(join(images, 'note'), '');
    await home.kill();
    await home.start();
    // apollo is of noble; of home.image, which was given by hand, is nothing.
    await expect.poll(async () => (await stored()).toSorted()).toEqual([hex(noble), hex(jammy)].toSorted());
    expect(await names()).toEqual(['apollo']);
  });
});

test('addresses and the mirror are checked as they are set, and a slash is put behind them', async () => {
  const set = (key: string, value: string) => home.client.call('putSetting', { params: { key }, body: { value } });
  expect(await set('local.image.mirror', 'https://mirror.example/ubuntu')).toEqual({ key: 'local.image.mirror', value: 'https://mirror.example/ubuntu/' });
  expect(await set('local.image.remote.daily', '')).toEqual({ key: 'local.image.remote.daily', value: '' });
  await expect(find({ name: 'daily:' })).rejects.toMatchObject({ message: expect.stringContaining('the remote daily is switched off') });
  for (const [key, value] of [['local.image.mirror', 'http://mirror.example/'], ['local.image.remote.core', 'ftp://x/'], ['local.image.keys', 'keys.asc']] as const) {
    await expect(set(key, value)).rejects.toMatchObject({ code: 'bad-setting', message: expect.stringContaining(`Invalid setting '${key}=${value}': it must be`) });
  }
});

test('distributions are where MULTIPASS_DISTRIBUTIONS_URL says, unless the setting says where', { timeout: 60_000 }, async () => {
  const listed = JSON.parse(tree.get('/distributions.json')?.toString() ?? '') as Record<string, object>;
  tree.set('/elsewhere.json', Buffer.from(JSON.stringify({ Other: { ...listed['Debian'], aliases: 'other' } })));
  await using second = await makeFakeHome();
  const names = async () => (await second.client.call('findImages', { query: { name: 'distributions:' } })).images.map(({ name }) => name);
  const set = async (key: string, value: string) => await second.client.call('putSetting', { params: { key }, body: { value } });
  await second.start();
  for (const [key, value] of [['local.image.keys', signer.keys], ['local.image.mirror', server.origin], ['local.image.remote.core', '']] as const) await set(key, value);
  await second.kill();
  process.env['MULTIPASS_DISTRIBUTIONS_URL'] = `${server.origin}/elsewhere.json`;
  try {
    await second.start(undefined, true);
  } finally {
    delete process.env['MULTIPASS_DISTRIBUTIONS_URL'];
  }
  expect(await names()).toEqual(['other']);
  await set('local.image.remote.distributions', `${server.origin}/distributions.json`);
  expect(await names()).toEqual(['debian']);
});
