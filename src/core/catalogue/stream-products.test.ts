import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseManifest } from './manifest.ts';
import { parseStreamIndex } from './stream-index.ts';
import { parseProducts } from './stream-products.ts';
import { Malformed } from './untrusted.ts';

const BASE = 'https://images.example/releases/';
const ID = 'com.ubuntu.cloud:released:download';
const item = (path: string, digit = 'a') => ({ ftype: 'disk1.img', md5: '0', path, sha256: digit.repeat(64), size: 1000 });
/** As cloud-images.ubuntu.com has them. */
const noble = {
  aliases: '24.04,n,noble,lts,default', arch: 'amd64', os: 'ubuntu', release: 'noble', release_codename: 'Noble Numbat', release_title: '24.04 LTS',
  support_eol: '2029-05-31', supported: true, version: '24.04',
  versions: {
    '20240423': { items: { 'disk1.img': item('server/noble/1.img', 'b'), squashfs: { ftype: 'squashfs', path: '../../x', sha256: 'none' } }, label: 'release', pubname: 'p' },
    '20240608.1': { items: { 'disk1.img': item('server/noble/3.img', 'd') } },
    '20240608': { items: { 'disk1.img': item('server/noble/2.img', 'c') } },
    '20240701': { items: { manifest: item('server/noble/4.manifest') } },
  },
};
const file = (products: unknown, more: object = {}): unknown => ({ content_id: ID, format: 'products:1.0', datatype: 'image-downloads', products, ...more });
const parse = (products: unknown) => parseProducts(file(products), ID, BASE);

describe('a list of products', () => {
  test('gives each version that has an image, and the newest of them is current', () => {
    const images = parse({ 'com.ubuntu.cloud:server:24.04:amd64': noble });
    expect(images.map(({ version, current, address }) => [version, current, address])).toEqual([
      ['20240608.1', true, `${BASE}server/noble/3.img`], ['20240608', false, `${BASE}server/noble/2.img`], ['20240423', false, `${BASE}server/noble/1.img`],
    ]);
    expect(images[0]).toMatchObject({ aliases: ['24.04', 'n', 'noble', 'lts', 'default'], os: 'Ubuntu', release: '24.04 LTS', architecture: 'x86_64', supported: true, checksum: { algorithm: 'sha256', hex: 'd'.repeat(64) }, sizeBytes: 1000 });
  });

  test('takes a version by any plain name, as Ubuntu Core has them, and passes over what is none', () => {
    const items = { items: { 'img.xz': item('24/current/core.img.xz') } };
    const versions = { current: items, '': items, 'a b': items, '../x': items, '\u001b[2J': items, ['x'.repeat(33)]: items, '.hidden': items };
    expect(parse({ core: { ...noble, os: 'ubuntu-core', versions } }).map(({ version, current }) => [version, current])).toEqual([['current', true]]);
  });

  test('prefers the image for UEFI, then the packed one of Ubuntu Core', () => {
    const versions = (items: object) => ({ x: { ...noble, versions: { '1': { items } } } });
    const one = item('1'); const xz = item('2'); const uefi = item('3');
    expect(parse(versions({ 'disk1.img': one, 'img.xz': xz, 'uefi1.img': uefi }))[0]?.address).toBe(`${BASE}3`);
    expect(parse(versions({ 'disk1.img': one, 'img.xz': xz }))[0]?.address).toBe(`${BASE}2`);
  });

  test('is read for the architectures that machines here have', () => {
    const products = Object.fromEntries(['amd64', 'arm64', 'riscv64', 's390x', 'i386'].map((arch) => [arch, { ...noble, arch }]));
    expect(new Set(parse(products).map(({ architecture }) => architecture))).toEqual(new Set(['x86_64', 'aarch64']));
  });

  test('what has no mark of support is supported; what is not typed as a name is no alias', () => {
    const { supported: _, ...core } = noble;
    expect(parse({ core: { ...core, os: 'ubuntu-core', aliases: 'core, core24, \u001b[2J,a b,-x' } })[0]).toMatchObject({ os: 'Ubuntu Core', supported: true, aliases: ['core', 'core24'] });
  });

  const broken = (change: object) => ({ p: { ...noble, ...change } });
  const withItem = (change: object) => broken({ versions: { '1': { items: { 'disk1.img': { ...item('a/b.img'), ...change } } } } });
  test.each<[string, unknown]>([
    ['products in a list', []],
    ['a product that is a number', { p: 4 }],
    ['versions that are text', broken({ versions: 'many' })],
    ['a title that is an object', broken({ release_title: {} })],
    ['support that is a word', broken({ supported: 'yes' })],
    ['no architecture', broken({ arch: null })],
    ['a title of a million letters', broken({ release_title: 'x'.repeat(1_000_000) })],
    ['no path', withItem({ path: undefined })],
    ['a path upwards', withItem({ path: 'a/../../etc/passwd' })],
    ['a path upwards in code', withItem({ path: 'a/%2e%2e/b' })],
    ['a path upwards by backslash', withItem({ path: 'a\\..\\b' })],
    ['a path from the root', withItem({ path: '/etc/passwd' })],
    ['an address for a path', withItem({ path: 'https://evil.example/a.img' })],
    ['an address without a scheme', withItem({ path: '//evil.example/a.img' })],
    ['a scheme without slashes', withItem({ path: 'file:a.img' })],
    ['a query', withItem({ path: 'a.img?x' })],
    ['a short checksum', withItem({ sha256: 'abc' })],
    ['a checksum in capitals', withItem({ sha256: 'A'.repeat(64) })],
    ['a checksum that is a list', withItem({ sha256: ['a'.repeat(64)] })],
    ['a negative size', withItem({ size: -1 })],
    ['a size of a zettabyte', withItem({ size: 1e21 })],
    ['a size in words', withItem({ size: '1000' })],
    ['an image that is null', broken({ versions: { '1': { items: { 'disk1.img': null } } } })],
  ])('with %s is refused whole', (_, products) => expect(() => parse(products)).toThrow(Malformed));

  test('of another stream, another format, or no format is refused', () => {
    expect(() => parseProducts(file({}, { content_id: 'com.ubuntu.cloud:daily:download' }), ID, BASE)).toThrow(/is another than/);
    expect(() => parseProducts(file({}, { format: 'products:2.0' }), ID, BASE)).toThrow(/no products:1.0/);
    expect(() => parseProducts(JSON.parse('{"__proto__": {"format": "products:1.0"}}'), ID, BASE)).toThrow(Malformed);
  });

  test('with more images than anybody publishes is refused', () => {
    const versions = Object.fromEntries(Array.from({ length: 20_001 }, (_, at) => [String(at + 1), { items: { 'disk1.img': item('a') } }]));
    expect(() => parse(broken({ versions }))).toThrow(/more than 20000/);
  });

  test('no JSON makes any of the readers fail in another way', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      for (const read of [() => parseProducts(file(value), ID, BASE), () => parseProducts(value, ID, BASE), () => parseStreamIndex(value, undefined), () => parseStreamIndex({ format: 'index:1.0', index: value }, undefined), () => parseManifest(value)]) {
        try { read(); } catch (error) { expect(error).toBeInstanceOf(Malformed); }
      }
    }));
  });
});

describe('an index of streams', () => {
  const index = (entry: object, id = ID) => ({ format: 'index:1.0', index: { [id]: { datatype: 'image-downloads', path: 'streams/v1/com.ubuntu.cloud:released:download.json', ...entry }, other: { datatype: 'image-ids', path: 'x' } } });
  test('names the signed form of each list of images', () => {
    expect(parseStreamIndex(index({}), ID)).toEqual([{ contentId: ID, path: 'streams/v1/com.ubuntu.cloud:released:download.sjson' }]);
    expect(parseStreamIndex(index({ path: 'streams/v1/x.sjson' }), undefined)).toEqual([{ contentId: ID, path: 'streams/v1/x.sjson' }]);
  });
  test('of another remote does not pass', () => expect(() => parseStreamIndex(index({}, 'com.ubuntu.cloud:daily:download'), ID)).toThrow(/lists no images/));
  test.each(['../x', '/x', 'https://x/y', 'a//b', ''])('with the path %j is refused', (path) => expect(() => parseStreamIndex(index({ path }), ID)).toThrow(Malformed));
});

describe('a manifest of distributions', () => {
  const debian = { aliases: 'debian, trixie', os: 'Debian', release: 'trixie', release_codename: 'Trixie', release_title: '13', items: { x86_64: { id: `sha512:${'a'.repeat(128)}`, image_location: 'https://images.example/debian.qcow2', size: 5, version: '20260112' } } };
  test('gives an image for each architecture, whose checksum may be of either kind', () => {
    const arm64 = { ...debian.items.x86_64, id: 'b'.repeat(64) };
    expect(parseManifest({ Debian: { ...debian, items: { ...debian.items, arm64, ppc64: arm64 } } })).toMatchObject([
      { aliases: ['debian', 'trixie'], os: 'Debian', release: '13', version: '20260112', architecture: 'x86_64', checksum: { algorithm: 'sha512' }, current: true, supported: true },
      { architecture: 'aarch64', checksum: { algorithm: 'sha256', hex: 'b'.repeat(64) } },
    ]);
  });
  test.each<[string, object]>([
    ['no checksum', { id: 'md5:0' }], ['plain http', { image_location: 'http://images.example/x' }], ['a file', { image_location: 'file:///etc/passwd' }], ['an impossible size', { size: 0 }], ['a version that clears the screen', { version: '\u001b[2J' }],
  ])('with %s is refused', (_, change) => expect(() => parseManifest({ Debian: { ...debian, items: { x86_64: { ...debian.items.x86_64, ...change } } } })).toThrow(Malformed));
  test('with a name that clears the screen is refused', () => expect(() => parseManifest({ 'Debian\u001b[2J': debian })).toThrow('has control characters in the name of a distribution'));
});
