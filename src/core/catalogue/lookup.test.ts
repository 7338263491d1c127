import { describe, expect, test } from 'vitest';
import { listImages } from './find-list.ts';
import { defaultImage, lookUp, requireRemoteName, splitImageName, type Listed } from './lookup.ts';
import { compareVersions, type PublishedImage } from './published.ts';
import { refuseAddress } from './remotes.ts';

const image = (release: string, aliases: string, hex: string, more: Partial<PublishedImage> = {}): PublishedImage => ({
  aliases: aliases.split(','), os: 'Ubuntu', release, version: '20240608', architecture: 'x86_64', supported: true, current: true,
  address: `https://x/${hex}`, checksum: { algorithm: 'sha256', hex: hex.padEnd(64, '0') }, sizeBytes: 1, ...more,
});
const jammy = image('22.04 LTS', '22.04,j,jammy', 'aaaaaaa1');
const noble = image('24.04 LTS', '24.04,n,noble,lts,default', 'aaaaaaa2');
const oldNoble = image('24.04 LTS', '24.04,n,noble,lts,default', 'bbbbbbb1', { current: false, version: '20240423' });
const armNoble = image('24.04 LTS', '24.04,n,noble,lts,default', 'ccccccc1', { architecture: 'aarch64' });
const mantic = image('23.10', '23.10,m,mantic', 'ddddddd1', { supported: false });
const dailyNoble = image('24.04 LTS', '24.04,n,noble,lts', 'eeeeeee1');
const devel = image('26.10', '26.10,s,stonking,devel', 'fffffff1');
const debian = image('13', 'debian,trixie', '1111111a', { os: 'Debian' });
const LISTED: Listed[] = [{ remote: 'release', images: [jammy, mantic, noble, oldNoble, armNoble] }, { remote: 'daily', images: [dailyNoble, devel, noble] }, { remote: 'distributions', images: [debian] }];
const found = (name: string, architecture: 'x86_64' | 'aarch64' = 'x86_64') => lookUp(name, LISTED, architecture);

describe('a name', () => {
  test.each([
    ['noble', undefined, 'noble'], ['Release:24.04', 'release', '24.04'], ['daily:', 'daily', ''], [':x', '', 'x'], ['', undefined, ''],
  ])('%j is taken apart', (text, remote, name) => expect(splitImageName(text)).toEqual({ remote, name }));

  test.each<[string, string, PublishedImage]>([
    ['noble', 'release', noble], ['24.04', 'release', noble], ['n', 'release', noble], ['devel', 'daily', devel], ['debian', 'distributions', debian], ['mantic', 'release', mantic],
    ['bbbbbbb1', 'release', oldNoble], ['eeeeee', 'daily', dailyNoble], ['aaaaaaa2', 'release', noble], ['bbbb', 'release', oldNoble], ['e', 'daily', dailyNoble],
  ])('%j means an image of %s', (name, remote, expected) => expect(found(name)).toEqual({ remote, image: expected }));

  test.each(['', 'x', '2404', 'constructor', 'f'.repeat(64), 'zzzzzz'])('%j means none', (name) => expect(found(name)).toBeUndefined());
  test('means the image of the architecture that is wanted', () => expect(found('noble', 'aarch64')?.image).toBe(armNoble));
  test('that begins several hashes is ambiguous', () => {
    expect(() => found('aaaaaaa')).toThrow(expect.objectContaining({ code: 'refused', message: 'Too many images matching "aaaaaaa"' }));
  });
  test('of a remote that is not there is told with those that are', () => {
    expect(() => requireRemoteName('weekly')).toThrow(expect.objectContaining({ message: 'Remote "weekly" is unknown or unreachable.' }));
    expect(() => requireRemoteName('constructor')).toThrow();
  });
});

test('without a name it is what Ubuntu calls default, else lts, else the newest with long support', () => {
  const plain = (one: PublishedImage, aliases: string[]) => ({ ...one, aliases });
  expect(defaultImage([jammy, noble], 'x86_64')).toBe(noble);
  expect(defaultImage([plain(noble, ['noble']), plain(jammy, ['lts'])], 'x86_64')?.release).toBe('22.04 LTS');
  expect(defaultImage([plain(noble, ['noble']), plain(jammy, ['jammy']), mantic, oldNoble], 'x86_64')?.release).toBe('24.04 LTS');
  expect(defaultImage([mantic], 'x86_64')).toBeUndefined();
});

describe('a find', () => {
  const shown = (more: object = {}) => listImages(LISTED, { name: '', ofOneRemote: false, unsupported: false, architecture: 'x86_64', ...more }).map(({ name, aliases }) => [name, ...aliases]);
  test('shows each release once, by its first alias, without single letters and "default"', () => {
    expect(shown()).toEqual([['22.04', 'jammy'], ['24.04', 'noble', 'lts'], ['daily:26.10', 'stonking', 'devel'], ['debian', 'trixie']]);
  });
  test('shows what is not supported when that is wanted', () => expect(shown({ unsupported: true })[1]).toEqual(['23.10', 'mantic']));
  test('of one remote leaves nothing out', () => {
    expect(listImages([LISTED[1]!], { name: '', ofOneRemote: true, unsupported: false, architecture: 'x86_64' }).map(({ name }) => name)).toEqual(['daily:24.04', 'daily:26.10', 'daily:24.04']);
  });
  test('of a name shows what a launch would take, by that name', () => expect(shown({ name: 'lts' })).toEqual([['lts']]));
  test('of digits that begin several hashes shows more of each', () => expect(shown({ name: 'aaaaaaa' })).toEqual([['aaaaaaa100000'], ['aaaaaaa200000']]));
});

test('versions are compared by each of their numbers, and names come behind them', () => {
  expect(['edge', '9', 'current', '20240101', '10', '2024-beta'].toSorted(compareVersions)).toEqual(['9', '10', '20240101', '2024-beta', 'current', 'edge']);
  expect(['20221115.10', '20221115', '20240101', '20221115.9'].toSorted(compareVersions)).toEqual(['20221115', '20221115.9', '20221115.10', '20240101']);
});

test.each<[string, boolean]>([
  ['https://mirror.example/x', true], ['https://mirror.example:8443', true], ['http://localhost:8080/x/', true], ['http://127.0.0.1/x', true], ['http://[::1]:80/', true],
  ['http://mirror.example/', false], ['http://127.0.0.1.evil.example/', false], ['http://localhost.evil.example/', false], ['http://localhost@evil.example/', false], ['ftp://x/', false], ['https://a:b@x/', false], ['https://x/?y', false], ['x', false], ['', false],
])('the address %j is taken: %j', (address, good) => expect(refuseAddress(address) === undefined).toBe(good));
