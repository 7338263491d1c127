import { expect, test } from 'vitest';
import { buildSources, chooseMirrors, guestSources, isMirrorUri } from './mirror.ts';

const TRIXIE = { version: '13', codename: 'trixie', title: 'Debian GNU/Linux 13 (trixie)' } as const;
const HOST = 'Types: deb\nURIs: http://mirror.example/debian/\nSuites: trixie\n\nTypes: deb\nURIs: http://mirror.example/debian-security\n';

test('the mirror asked for comes before the host’s; where nobody names one, it is left to mmdebstrap', () => {
  expect(chooseMirrors({ main: 'http://a.example/debian' }, [HOST])?.main).toBe('http://a.example/debian');
  expect(chooseMirrors({}, [HOST])).toEqual({ main: 'http://mirror.example/debian', security: 'http://mirror.example/debian-security' });
  expect(chooseMirrors({}, ['deb [arch=amd64] http://old.example/debian/ bookworm main'])).toEqual({ main: 'http://old.example/debian', security: 'http://old.example/debian-security' });
  expect(chooseMirrors({}, ['deb http://archive.example/ubuntu noble main'])).toBeUndefined();
  expect(guestSources(TRIXIE, undefined)).toBe('');
});

test('without a security mirror, the build and the guest do without', () => {
  const mirrors = chooseMirrors({ main: 'http://a.example/debian', security: 'none' }, []);
  if (!mirrors) throw new Error('no mirrors');
  expect(buildSources(TRIXIE, mirrors, '/k.gpg')).toHaveLength(2);
  expect(guestSources(TRIXIE, mirrors)).not.toContain('security');
});

test('a mirror on the loopback is not written into the guest', () => {
  expect(guestSources(TRIXIE, chooseMirrors({ main: 'http://127.0.0.1:3142/debian' }, []))).not.toContain('127.0.0.1');
});

test.each(['http://a.example/debian trixie main', '[trusted=yes] http://a', 'ftp://a/debian', '-oDebug=1', ''])('%j is no mirror', (text) => {
  expect(isMirrorUri(text)).toBe(false);
});
