import fc from 'fast-check';
import { expect, test } from 'vitest';
import { guestId, hostId, NOBODY, parseIdPair, requireDistinctIds, resolveIds, showIdPair } from './id-maps.ts';
import { inGuest, requireTarget } from './mount.ts';

const HOME = '/home/ubuntu';

test.each([[undefined, '/home/ubuntu/src'], ['work', '/home/ubuntu/work'], ['/srv//x/./y/', '/srv/x/y'], ['/devices', '/devices'], ['/home/ubuntu/a/../b', '/home/ubuntu/b']])('%s becomes %s', (given, target) => {
  expect(requireTarget(given, '/home/me/src', HOME)).toBe(target);
});

test.each(['/', '//', '/dev', '/dev/shm', '/proc/1', '/sys/', '/home', '/home/ubuntu/', '/srv/../dev', '/home/ubuntu/..', '../../..', '.', '/a\0b'])('%j is not mounted to', (target) => {
  expect(() => requireTarget(target, '/x', HOME)).toThrow(expect.objectContaining({ code: 'refused', message: `unable to mount to "${target}"` }));
});

test('of a share of the whole host a name must be given', () => {
  expect(() => requireTarget(undefined, '/', HOME)).toThrow('unable to mount to "/"');
});

test('a directory has its counterpart by the nearest mount', () => {
  const mounts = [{ source: '/home/me', target: '/home/ubuntu/Home' }, { source: '/home/me/src', target: '/srv/src' }];
  expect(['/home/me', '/home/me/a', '/home/me/src/b', '/home/meg', '/'].map((each) => inGuest(mounts, each))).toEqual(['/home/ubuntu/Home', '/home/ubuntu/Home/a', '/srv/src/b', undefined, undefined]);
  expect(inGuest([{ source: '/', target: '/host' }], '/etc')).toBe('/host/etc');
});

test('pairs of ids are read and shown as they were given', () => {
  const id = fc.nat(2 ** 31 - 1);
  fc.assert(fc.property(id, fc.oneof(id, fc.constant('default' as const)), (host, guest) => {
    expect(parseIdPair(showIdPair({ host, guest }))).toEqual({ host, guest });
  }));
  expect(['1000', 'a:b', '1:-1', '1:4294967295', '1:2:3', ':', 'default:1'].map(parseIdPair)).toEqual(Array.from({ length: 7 }, () => undefined));
});

test('each id stands once on its side, so that what goes there comes back', () => {
  expect(() => requireDistinctIds([{ host: 1, guest: 2 }, { host: 1, guest: 3 }])).toThrow('Mount cannot apply mapping with duplicate ids');
  expect(() => requireDistinctIds([{ host: 1, guest: 2 }, { host: 3, guest: 2 }])).toThrow('Mount cannot apply mapping with duplicate ids');
  const map = resolveIds([{ host: 501, guest: 'default' }, { host: 0, guest: 7 }], 1000);
  expect([guestId(map, 501), hostId(map, 1000), guestId(map, 0), guestId(map, 9), hostId(map, 9)]).toEqual([1000, 501, 7, NOBODY, null]);
});
