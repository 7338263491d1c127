import { expect, test } from 'vitest';
import { ownUser } from './own-user.ts';

test('who has an entry in the user database is named by it, and who has none by his uid', () => {
  expect(ownUser(() => ({ uid: 1000, username: 'ann' }))).toEqual({ uid: 1000, name: 'ann' });
  const uid = process.getuid?.() ?? 0;
  expect(ownUser(() => { throw new Error('A system error occurred: uv_os_get_passwd returned ENOENT (no such file or directory)'); })).toEqual({ uid, name: String(uid) });
});
