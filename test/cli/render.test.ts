/** The golden files were written by hand from what users of Multipass see; no program writes them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { WireClient } from '../../src/api/trust-schemas.ts';
import type { WireNetworkDiff } from '../../src/api/network-schemas.ts';
import type { WireFound, WireImage, WireInstance, WireSnapshot, WireZone } from '../../src/api/schemas.ts';
import { renderClients } from '../../src/cli/render/clients.ts';
import { renderFound } from '../../src/cli/render/find.ts';
import { NO_ALIASES, type AliasBook } from '../../src/core/aliases.ts';
import { renderAliases } from '../../src/cli/render/aliases.ts';
import { FORMATS } from '../../src/cli/render/format.ts';
import { renderImages } from '../../src/cli/render/images.ts';
import { renderInfo, renderInfoOfSnapshots } from '../../src/cli/render/info.ts';
import { renderList } from '../../src/cli/render/list.ts';
import { renderDiff } from '../../src/cli/render/network-history.ts';
import { renderNetworks } from '../../src/cli/render/networks.ts';
import { snapshotsInOrder } from '../../src/cli/render/order.ts';
import { renderSnapshots } from '../../src/cli/render/snapshots.ts';
import { renderVersion } from '../../src/cli/render/version.ts';
import { renderZones } from '../../src/cli/render/zones.ts';
import { all, apollo, hermes, primary, zeus } from './instances.ts';

const golden = (name: string) => readFileSync(join(import.meta.dirname, 'golden', `${name}.txt`), 'utf8');
const image: WireImage = {
  digest: primary.image.digest, names: ['local:debian', 'local:debian-13'], format: 'qcow2', os: 'Debian', release: '13 (trixie)',
  sizeBytes: 441450496, architecture: 'x86_64', virtualSizeBytes: 2147483648, builtAt: '2026-09-01T10:00:00.000Z',
};

const OF_LIST: Record<string, readonly WireInstance[]> = { table: all, csv: all, json: [primary, apollo], yaml: [apollo, primary] };
const OF_INFO: Record<string, readonly WireInstance[]> = { table: [zeus, hermes, apollo, primary], csv: [hermes, apollo, primary], json: [primary, apollo], yaml: [hermes, primary] };

test.each(FORMATS)('list as %s', (format) => expect(renderList(OF_LIST[format] ?? [], format, 'primary')).toBe(golden(`list.${format}`)));
test.each(FORMATS)('info as %s', (format) => expect(renderInfo(OF_INFO[format] ?? [], format, 'primary')).toBe(golden(`info.${format}`)));
const shots: readonly WireSnapshot[] = [
  { instance: 'apollo', name: 'snapshot1', comment: 'first one: all well', parent: null, children: ['with-nginx'], createdAt: '2026-09-01T10:00:00.000Z', cpus: 1, memoryBytes: 1073741824, diskBytes: 5368709120, live: false },
  {
    instance: 'apollo', name: 'with-nginx', comment: 'a long comment of more than fifty characters, which is cut\nand a second line', parent: 'snapshot1', children: [],
    createdAt: '2026-09-02T10:00:00.000Z', cpus: 2, memoryBytes: 2147483648, diskBytes: 10737418240, live: true, mounts: [{ target: '/home/ubuntu/src', source: '/home/me/src', uidMap: ['1000:default'], gidMap: ['1000:default'] }],
  },
  { instance: 'primary', name: 'clean', comment: '', parent: null, children: [], createdAt: '2026-09-01T11:00:00.000Z', cpus: 1, memoryBytes: 1073741824, diskBytes: 5368709120, live: false },
];
test.each(FORMATS)('list --snapshots as %s', (format) => expect(renderSnapshots(format === 'json' ? shots : snapshotsInOrder(shots, 'primary'), format)).toBe(golden(`snapshots.${format}`)));
test.each(FORMATS)('info of snapshots as %s', (format) => expect(renderInfoOfSnapshots([], shots.slice(0, 2), format, 'primary')).toBe(golden(`snapshot-info.${format}`)));
test.each(['table', 'json', 'yaml'] as const)('info of an instance and its snapshot as %s', (format) => {
  expect(renderInfoOfSnapshots([{ ...apollo, snapshotCount: 1 }], shots.slice(0, 1), format, 'primary')).toBe(golden(`info-with-snapshot.${format}`));
});
test.each(FORMATS)('info of snapshots where there are none, as %s', (format) => expect(renderInfoOfSnapshots([], [], format, 'primary')).toBe(golden(`snapshot-info-empty.${format}`)));
test('no snapshots, in each format', () => expect(FORMATS.map((format) => renderSnapshots([], format))).toEqual(['No snapshots found.\n', '{\n    "errors": [\n    ],\n    "info": {\n    }\n}\n', 'Instance,Snapshot,Parent,Comment\n', '\n']));
test('figures of a guest that does not answer are of then', () => {
  const silent = { ...primary, figuresAt: '2026-09-01T10:05:00.000Z' };
  expect(renderInfo([silent], 'table', 'primary')).toMatch(/^Load: +0\.45 [^]*^Figures: +as of 2026-09-01T10:05:00\.000Z: the guest has not answered since$/m);
  expect(JSON.parse(renderInfo([silent], 'json', 'primary'))).toMatchObject({ info: { primary: { load: [0.45, 0.51, 0.1], figures_at: '2026-09-01T10:05:00.000Z' } } });
});
const versions = { cli: '0.1.0', daemon: '0.1.1' };
const update = { title: 'Holdfast 0.2', description: 'Zones, aliases and more', url: 'https://example.org/0.2' };
test.each(FORMATS)('version as %s', (format) => expect(renderVersion(versions, format)).toBe(golden(`version.${format}`)));
test.each(FORMATS)('version of multipass as %s', (format) => expect(renderVersion(versions, format, 'multipass')).toBe(golden(`multipass-version.${format}`)));
test.each(FORMATS)('version with a later release as %s', (format) => expect(renderVersion({ ...versions, update }, format)).toBe(golden(`version-update.${format}`)));
test.each(FORMATS)('image list as %s', (format) => expect(renderImages([image], format)).toBe(golden(`images.${format}`)));

const found: WireFound = {
  errors: [],
  images: [
    { name: '22.04', aliases: ['jammy'], remote: '', os: 'Ubuntu', release: '22.04 LTS', version: '20240612', hash: 'a'.repeat(64), architecture: 'x86_64', supported: true },
    { name: '24.04', aliases: ['noble', 'lts'], remote: '', os: 'Ubuntu', release: '24.04 LTS', version: '20240608', hash: 'b'.repeat(64), architecture: 'x86_64', supported: true },
    { name: 'daily:26.10', aliases: ['stonking', 'devel'], remote: 'daily', os: 'Ubuntu', release: '26.10', version: '20261121', hash: 'c'.repeat(64), architecture: 'x86_64', supported: true },
    { name: 'core', aliases: [], remote: '', os: 'Ubuntu', release: 'Core, 24', version: '20261101', hash: 'd'.repeat(64), architecture: 'x86_64', supported: true },
  ],
};
test.each(FORMATS)('find as %s', (format) => expect(renderFound(found, format)).toBe(golden(`find.${format}`)));
test.each(FORMATS)('find of a word as %s', (format) => {
  const [, noble] = found.images;
  // As the daemon tells it: by the word, without other names (core/catalogue/find-list.ts).
  expect(renderFound({ errors: [], images: [{ ...noble!, name: 'noble', aliases: [] }] }, format)).toBe(golden(`find-word.${format}`));
});
test('a find that found nothing', () => {
  expect(FORMATS.map((format) => renderFound({ images: [], errors: [] }, format))).toEqual([
    'No images found.\n', '{\n    "errors": [\n    ],\n    "images": {\n    }\n}\n', 'Image,Remote,Aliases,OS,Release,Version,Type,Hash\n', 'errors: []\nimages: {}\n',
  ]);
});
test('what a list says steers no terminal', () => {
  const [one] = found.images;
  expect(renderFound({ errors: [], images: [{ ...one!, release: '24\u001b[2J\n04' }] }, 'table')).toContain('Ubuntu 24 [2J 04\n');
});

const networks = [
  { name: 'br0', type: 'bridge', description: 'Bridge of eth0, eth1' }, { name: 'enp3s0', type: 'ethernet', description: 'Wired network card' },
];
test.each(FORMATS)('networks as %s', (format) => expect(renderNetworks(networks, format)).toBe(golden(`networks.${format}`)));
const lscpu = { instance: 'apollo', command: 'lscpu', workingDirectory: 'map' } as const;
const book: AliasBook = {
  active: 'default',
  contexts: {
    default: { lscpu },
    work: { process: { instance: 'hermes', command: '/usr/bin/htop', workingDirectory: 'map' }, l: { instance: 'hermes', command: 'ls', workingDirectory: 'default' } },
  },
};
test.each(FORMATS)('aliases as %s', (format) => expect(renderAliases(book, format)).toBe(golden(`aliases.${format}`)));
test('without aliases as Multipass says it', () => {
  expect(renderAliases(NO_ALIASES, 'table')).toBe('No aliases defined.\n');
  expect(renderAliases(NO_ALIASES, 'json')).toBe(golden('aliases-empty.json'));
  expect(renderAliases(NO_ALIASES, 'csv')).toBe('Alias,Instance,Command,Working directory,Context\n');
  expect(renderAliases(NO_ALIASES, 'yaml')).toBe(golden('aliases-empty.yaml'));
});

const zones: WireZone[] = [['zone1', true], ['zone2', false], ['zone3', true]].map(([name, available]) => ({ name, available, subnet: '10.107.31.0/24' }) as WireZone);
test.each(FORMATS)('zones as %s', (format) => expect(renderZones(zones, format)).toBe(golden(`zones.${format}`)));

const clients: readonly WireClient[] = [
  { name: 'ann@laptop', fingerprint: `sha256:${'1a'.repeat(32)}`, address: '192.168.7.20', since: '2026-09-01T10:00:00.000Z', connections: 2 },
  { name: 'by hand, "bob"', fingerprint: `sha256:${'2b'.repeat(32)}`, address: null, since: null, connections: 0 },
];
test.each(FORMATS)('clients as %s', (format) => expect(renderClients(clients, format)).toBe(golden(`clients.${format}`)));
test('what a client calls itself steers no terminal', () => {
  for (const format of FORMATS) expect(renderClients([{ ...clients[0]!, name: 'ann\u001b[2J\nroot' }], format)).not.toContain('\u001b');
});

test('without networks as Multipass says it', () => {
  expect(renderNetworks([], 'json')).toBe(golden('networks-empty.json'));
  expect(renderNetworks([], 'csv')).toBe('Name,Type,Description\n');
  expect([renderNetworks([], 'table'), renderNetworks([], 'yaml')]).toEqual(['No network interfaces found.\n', '\n']);
});

test('nothing to show is said in words, and stays empty for programs', () => {
  expect(renderList([], 'table', 'primary')).toBe('No instances found.\n');
  expect(renderList([], 'json', 'primary')).toBe(golden('list-empty.json'));
  expect(renderList([], 'csv', 'primary')).toBe(golden('list-empty.csv'));
  expect(renderList([], 'yaml', 'primary')).toBe('\n');
  expect(renderInfo([], 'table', 'primary')).toBe('No instances found.\n');
  expect(renderInfo([], 'json', 'primary')).toBe(golden('info-empty.json'));
  expect(renderInfo([], 'csv', 'primary')).toBe(golden('info-empty.csv'));
  expect(renderInfo([], 'yaml', 'primary')).toBe(golden('info-empty.yaml'));
  expect(renderImages([], 'table')).toBe('No images found.\n');
  expect([renderClients([], 'table'), renderClients([], 'yaml')]).toEqual(['No clients found.\n', 'clients: []\n']);
});

test('JSON keeps the order of the daemon', () => {
  const names = (JSON.parse(renderList(all, 'json', 'primary')) as { list: { name: string }[] }).list.map(({ name }) => name);
  expect(names).toEqual(['zeus', 'apollo', 'primary', 'hermes', 'gone']);
});

test('version without a daemon leaves its line out', () => {
  expect(renderVersion({ cli: '0.1.0' }, 'table')).toBe('holdfast    0.1.0\n');
  expect(renderVersion({ cli: '0.1.0' }, 'yaml')).toBe('holdfast: 0.1.0\n');
});

test('a guest cannot steer the terminal through its release name', () => {
  const evil = { ...primary, guest: { ...primary.guest!, release: 'x\u001b[2Jy\nName: root' } };
  for (const format of ['table', 'csv', 'yaml'] as const) expect(renderInfo([evil], format, '')).not.toContain('\u001b');
  expect(renderInfo([evil], 'table', '')).toContain('Release:        x [2Jy Name: root\n');
});

test('YAML that is written is read back as what it was', () => {
  const odd = ['yes', 'null', '~', '1e5', '0x1f', '- a', 'a: b', 'a #b', '', ' a', 'a ', '*x', '12:30', '007', 'ü\u0085', '=', '<<', '2026-09-01', '.5', '1_000', '@x', 'a\nb', 'x\u007f'];
  for (const release of odd) {
    const shown = renderList([{ ...apollo, image: { ...apollo.image, os: '', release } }], 'yaml', '');
    for (const version of ['1.1', '1.2'] as const) {
      const [entry] = (parse(shown, { version, schema: version === '1.1' ? 'yaml-1.1' : 'core' }) as { apollo: { release: unknown }[] }).apollo;
      expect(entry?.release).toBe(release.trim() || 'Not Available');
    }
  }
});

test('a panic\'s words steer no terminal in any format', () => {
  const words = 'panic \u009b2J\u001b[2J\u0007';
  // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
  for (const format of FORMATS) expect(renderInfo([{ ...apollo, reason: words, hold: { level: 'lost', reason: words } }], format, '')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

/** The same with words that clear the screen in each text, whoever wrote it. */
function spoilt<T>(value: T): T {
  if (typeof value === 'string') return `${value}\u001b[2J\u009b2J\u0007` as T;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each: unknown) => spoilt(each)) as T;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, spoilt<unknown>(each)])) as T;
}

test.each(FORMATS)('no text of an image, a snapshot, an instance, a network or a client steers the terminal as %s', (format) => {
  const shown = [
    renderFound(spoilt(found), format), renderSnapshots(spoilt(shots), format), renderInfoOfSnapshots(spoilt([apollo]), spoilt(shots), format, ''), renderInfo(spoilt(all), format, ''), renderList(spoilt(all), format, ''),
    renderImages(spoilt([image]), format), renderZones(spoilt(zones), format), renderClients(spoilt(clients), format), renderVersion(spoilt({ ...versions, update }), format),
    renderNetworks(spoilt(networks), format), renderAliases(spoilt(book), format),
    renderDiff('apollo', spoilt<WireNetworkDiff>({ from: 1, to: 2, files: [{ path: '/etc/netplan/a.yaml', kind: 'changed', was: '600', is: '644', diff: '-a\n+b\n' }] }), format),
  ];
  // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
  for (const each of shown) expect(each).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});
