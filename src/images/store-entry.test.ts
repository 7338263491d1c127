import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readEntry, writeEntry, type ImageEntry } from './store-entry.ts';

const ENTRY: ImageEntry = {
  digest: 'ab'.repeat(32),
  format: 'qcow2',
  virtualSizeBytes: 2 ** 31,
  fileBytes: 1000,
  sourceName: 'debian:12',
  os: 'debian',
  release: '12',
  architecture: 'aarch64',
  builtAt: '2026-01-01T00:00:00.000Z',
  recipe: undefined,
};

test('what is written is read back', () => expect(readEntry(writeEntry(ENTRY))).toEqual(ENTRY));

test('an image of before architectures were recorded is for x86_64 when it was built, and for nobody knows what when it was imported', () => {
  expect(readEntry(writeEntry({ ...ENTRY, architecture: undefined, recipe: 'k' }))?.architecture).toBe('x86_64');
  expect(readEntry(writeEntry({ ...ENTRY, architecture: undefined }))?.architecture).toBeUndefined();
});

test.each(['', 'null', '[]', '{}', '{"version":1}', writeEntry({ ...ENTRY, digest: '../../etc/passwd' })])('%j is no entry', (text) => {
  expect(readEntry(text)).toBeUndefined();
});

test('no JSON makes it throw', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      readEntry(text);
    }),
  );
});
