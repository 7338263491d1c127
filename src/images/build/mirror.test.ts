import { expect, test } from 'vitest';
import { buildSources, chooseMirrors, guestSources, isMirrorUri } from './mirror.ts';

const TRIXIE = { version: '13', codename: 'trixie', title: 'Debian GNU/Linux 13 (trixie)' } as const;
const HOST = 'Types: deb\nURIs: http://mirror.example/debian/\nSuites: trixie\n\nTypes: deb\nURIs: http://mirror.example/debian-security\n';

test('the mirror asked for comes before the host’s, the host’s before Debian’s', () => {
  expect(chooseMirrors({ main: 'http://a.example/debian' }, [HOST]).main).toBe('http://a.example/debian');
  expect(chooseMirrors({}, [HOST])).toEqual({ main: 'http://mirror.example/debian', security: 'http://mirror.example/debian-security' });
  expect(chooseMirrors({}, ['deb [arch=amd64] http://old.example/debian/ bookworm main']).main).toBe('http://old.example/debian');
  expect(chooseMirrors({}, ['deb http://archive.example/ubuntu noble main']).main).toBe('http://mirror.example/debian');
});

test('without a security mirror, the build does without and the guest still gets Debian’s', () => {
  const mirrors = chooseMirrors({ security: 'none' }, []);
  expect(buildSources(TRIXIE, mirrors, '/k.gpg')).toHaveLength(2);
  expect(guestSources(TRIXIE, mirrors)).toContain('http://mirror.example/debian-security');
});

test('a mirror on the loopback is not written into the guest', () => {
  expect(guestSources(TRIXIE, chooseMirrors({ main: 'http://127.0.0.1:3142/debian' }, []))).not.toContain('127.0.0.1');
});

test.each(['http://a.example/debian trixie main', '[trusted=yes] http://a', 'ftp://a/debian', '-oDebug=1', ''])('%j is no mirror', (text) => {
  expect(isMirrorUri(text)).toBe(false);
});
