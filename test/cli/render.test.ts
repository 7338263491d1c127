/** The golden files were written by hand from what users of Multipass see; no program writes them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { WireImage, WireInstance } from '../../src/api/schemas.ts';
import { FORMATS } from '../../src/cli/render/format.ts';
import { renderImages } from '../../src/cli/render/images.ts';
import { renderInfo } from '../../src/cli/render/info.ts';
import { renderList } from '../../src/cli/render/list.ts';
import { renderVersion } from '../../src/cli/render/version.ts';
import { all, apollo, hermes, primary, zeus } from './instances.ts';

const golden = (name: string) => readFileSync(join(import.meta.dirname, 'golden', `${name}.txt`), 'utf8');
const image: WireImage = {
  digest: primary.image.digest, names: ['local:debian', 'local:debian-13'], format: 'qcow2', os: 'Debian', release: '13 (trixie)',
  sizeBytes: 441450496, virtualSizeBytes: 2147483648, builtAt: '2026-09-01T10:00:00.000Z',
};

const OF_LIST: Record<string, readonly WireInstance[]> = { table: all, csv: all, json: [primary, apollo], yaml: [apollo, primary] };
const OF_INFO: Record<string, readonly WireInstance[]> = { table: [zeus, hermes, apollo, primary], csv: [hermes, apollo, primary], json: [primary, apollo], yaml: [hermes, primary] };

test.each(FORMATS)('list as %s', (format) => expect(renderList(OF_LIST[format] ?? [], format, 'primary')).toBe(golden(`list.${format}`)));
test.each(FORMATS)('info as %s', (format) => expect(renderInfo(OF_INFO[format] ?? [], format, 'primary')).toBe(golden(`info.${format}`)));
test.each(FORMATS)('version as %s', (format) => expect(renderVersion('0.1.0', '0.1.1', format)).toBe(golden(`version.${format}`)));
test.each(FORMATS)('image list as %s', (format) => expect(renderImages([image], format)).toBe(golden(`images.${format}`)));

test('nothing to show is said in words, and stays empty for programs', () => {
  expect(renderList([], 'table', 'primary')).toBe('No instances found.\n');
  expect(renderList([], 'json', 'primary')).toBe(golden('list-empty.json'));
  expect(renderList([], 'yaml', 'primary')).toBe('\n');
  expect(renderInfo([], 'table', 'primary')).toBe('No instances found.\n');
  expect(renderInfo([], 'json', 'primary')).toBe(golden('info-empty.json'));
  expect(renderInfo([], 'yaml', 'primary')).toBe(golden('info-empty.yaml'));
  expect(renderImages([], 'table')).toBe('No images found.\n');
});

test('JSON keeps the order of the daemon', () => {
  const names = (JSON.parse(renderList(all, 'json', 'primary')) as { list: { name: string }[] }).list.map(({ name }) => name);
  expect(names).toEqual(['zeus', 'apollo', 'primary', 'hermes', 'gone']);
});

test('version without a daemon leaves its line out', () => {
  expect(renderVersion('0.1.0', undefined, 'table')).toBe('holdfast    0.1.0\n');
  expect(renderVersion('0.1.0', undefined, 'yaml')).toBe('holdfast: 0.1.0\n');
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
