import { expect, test } from 'vitest';
import type { Mount } from '../../core/mounts/mount.ts';
import { clonedMounts, restoredMounts } from './whose.ts';

const mount = (target: string, uid: number): Mount => ({ source: '/s', target, uids: [], gids: [], person: { uid, gid: uid } });
const [his, roots, anothers] = [mount('/his', 1000), mount('/roots', 0), mount('/anothers', 1001)];
const all = [his, roots, anothers];
const root = { owner: 0 };
const member = { owner: 1000, visited: true } as const;
const remote = { owner: 0, visited: true, remote: true } as const;

test('the daemon\'s own user has all that was there', () => {
  expect([restoredMounts(root, [], all), clonedMounts(root, all)]).toEqual([all, all]);
});

test('another user of this machine brings his own back, and keeps what is there still', () => {
  expect(restoredMounts(member, [], all)).toEqual([his]);
  expect(restoredMounts(member, [roots], all)).toEqual([his, roots]);
  expect(restoredMounts(member, [{ ...roots, source: '/' }], all)).toEqual([his]);
  expect(clonedMounts(member, all)).toEqual([his]);
});

test('who comes in over the network changes nothing of it, also where his uid would be the same', () => {
  expect(restoredMounts(remote, [his], all)).toEqual([his]);
  expect(restoredMounts(remote, [], all)).toEqual([]);
  expect(clonedMounts(remote, all)).toEqual([]);
});
