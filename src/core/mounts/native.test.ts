import { expect, test } from 'vitest';
import type { InstanceSpec } from '../instance.ts';
import type { Mount } from './mount.ts';
import { nativeMounts, nativePair, refuseWithNative, requireRoomForNative, withoutNative } from './native.ts';

const mount = (target: string, native = true): Mount => ({ source: '/s', target, uids: [], gids: [], person: { uid: 1000, gid: 1000 }, ...(native ? { native } : {}) });
const mounts = [mount('/a'), mount('/b', false), mount('/c')];

test('native mounts are told from classic ones', () => {
  expect(nativeMounts({ mounts }).map(({ target }) => target)).toEqual(['/a', '/c']);
  expect(withoutNative({ cpus: 1, mounts } as unknown as InstanceSpec)).toEqual({ cpus: 1, mounts: [mounts[1]] });
  expect(withoutNative({ cpus: 1, mounts: [mounts[0]] } as unknown as InstanceSpec)).toEqual({ cpus: 1 });
});

test('one id is mapped, that of who mounts, to the first user where nothing else is said', () => {
  expect(nativePair('UID', undefined, 1001)).toEqual({ host: 1001, guest: 1000 });
  expect(nativePair('UID', [{ host: 1001, guest: 'default' }], 1001)).toEqual({ host: 1001, guest: 1000 });
  expect(nativePair('UID', [{ host: 0, guest: 33 }], 0)).toEqual({ host: 0, guest: 33 });
  expect(() => nativePair('GID', [{ host: 5, guest: 33 }], 6)).toThrow('A native mount maps your own GID only, which is 6: 5:33');
  expect(() => nativePair('UID', [{ host: 5, guest: 33 }, { host: 6, guest: 34 }], 5)).toThrow('A native mount takes one UID map: 5:33, 6:34');
});

test('there are eight places', () => {
  expect(() => requireRoomForNative('apollo', mounts)).not.toThrow();
  expect(() => requireRoomForNative('apollo', Array.from({ length: 8 }, (_, index) => mount(`/${index}`)))).toThrow('apollo has 8 native mounts');
});

test('what would save the state is refused, naming them', () => {
  expect(() => refuseWithNative('suspended', 'apollo', { mounts })).toThrow('apollo cannot be suspended: it has native mounts (/a, /c)');
  expect(() => refuseWithNative('suspended', 'apollo', { mounts: [mount('/b', false)] })).not.toThrow();
});
