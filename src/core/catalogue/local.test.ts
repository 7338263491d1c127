import { describe, expect, test } from 'vitest';
import { localAliases, resolveLocal, type LocalImage } from './local.ts';

const image = (digest: string, release: string, builtAt: string): LocalImage => ({ digest: digest.repeat(64), os: 'debian', release, builtAt });
const OLD12 = image('a', '12', '2026-01-01T00:00:00Z');
const NEW12 = image('b', '12', '2026-03-01T00:00:00Z');
const ONLY13 = image('c', '13', '2026-02-01T00:00:00Z');
const IMPORTED: LocalImage = { digest: 'd'.repeat(64), os: undefined, release: undefined, builtAt: '2026-04-01T00:00:00Z' };
const ALL = [OLD12, NEW12, ONLY13, IMPORTED];

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
  ])('%s', (alias, expected) => expect(resolveLocal(alias, ALL)).toBe(expected));
});

test('every alias that an image is listed under finds an image of that system', () => {
  for (const each of ALL) for (const alias of localAliases(each)) expect(resolveLocal(alias, ALL)?.os).toBe(each.os);
});
