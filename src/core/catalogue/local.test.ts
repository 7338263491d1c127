import { describe, expect, test } from 'vitest';
import { localAliases, resolveLocal, type LocalImage } from './local.ts';

const image = (digest: string, release: string, builtAt: string): LocalImage => ({ digest: digest.repeat(64), os: 'debian', release, builtAt, architecture: 'x86_64' });
const OLD12 = image('a', '12', '2026-01-01T00:00:00Z');
const NEW12 = image('b', '12', '2026-03-01T00:00:00Z');
const ONLY13 = image('c', '13', '2026-02-01T00:00:00Z');
const IMPORTED: LocalImage = { digest: 'd'.repeat(64), os: undefined, release: undefined, architecture: undefined, builtAt: '2026-04-01T00:00:00Z' };
const ARM12: LocalImage = { ...image('e', '12', '2026-05-01T00:00:00Z'), architecture: 'aarch64' };
const ALL = [ARM12, OLD12, NEW12, ONLY13, IMPORTED];

describe('an alias of the local remote', () => {
  test.each<[string, LocalImage | undefined]>([
    ['debian', NEW12],
    ['local:debian', NEW12],
    ['local:debian-12', NEW12],
    ['local:debian:13', ONLY13],
    ['Debian-13', ONLY13],
    ['bookworm', NEW12],
    ['trixie', ONLY13],
    ['d'.repeat(12), IMPORTED],
    ['c'.repeat(64), ONLY13],
    ['debian-11', undefined],
    ['ubuntu', undefined],
    ['', undefined],
    ['constructor', undefined],
  ])('%s', (alias, expected) => expect(resolveLocal(alias, ALL, 'x86_64')).toBe(expected));

  test('means the image for the architecture that is asked for; a digest means one image', () => {
    expect(resolveLocal('debian-12', ALL, 'aarch64')).toBe(ARM12);
    expect(resolveLocal('debian-13', ALL, 'aarch64')).toBeUndefined();
    expect(resolveLocal('e'.repeat(12), ALL, 'x86_64')).toBe(ARM12);
  });
});

test('every alias that an image is listed under finds an image of that system', () => {
  for (const each of ALL) for (const alias of localAliases(each)) expect(resolveLocal(alias, ALL, each.architecture ?? 'x86_64')?.os).toBe(each.os);
});
