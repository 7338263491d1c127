import { expect, test } from 'vitest';
import { groupMembers, namesIn, usersIn } from './group-members.ts';

test('members are read from a group\'s line, and what is no user name is left out', () => {
  expect(namesIn('holdfast:x:998:ann,bob.b,dom\\eve,-rf,\n')).toEqual(['ann', 'bob.b', 'dom\\eve']);
  expect(namesIn('holdfast:x:998:\n')).toEqual([]);
  expect(namesIn('')).toEqual([]);
});

test('users are read from their lines', () => {
  expect(usersIn('ann:x:1000:1000:Ann,,,:/home/ann:/bin/bash\nbob:x:1001:1001::/home/bob:/bin/sh\nbroken\n')).toEqual([{ name: 'ann', uid: 1000 }, { name: 'bob', uid: 1001 }]);
});

test.runIf(process.platform === 'linux')('a group that is not there has no members', async () => {
  expect(await groupMembers('no-such-group-here')()).toEqual([]);
});

/** What the host knows, by database and key. */
function directory(): { readonly lines: Map<string, string>; readonly members: () => Promise<number[]> } {
  const lines = new Map([['group holdfast', 'holdfast:x:998:ann,bob\n'], ['passwd ann', 'ann:x:1000:1000:::\n'], ['passwd bob', 'bob:x:1001:1001:::\n']]);
  return { lines, members: groupMembers('holdfast', async (database, keys) => keys.map((key) => lines.get(`${database} ${key}`) ?? '').join('')) };
}

test('who is still in the group keeps his uid while nobody knows it; who is out of it is out', async () => {
  const { lines, members } = directory();
  expect(await members()).toEqual([1000, 1001]);
  lines.delete('passwd bob');
  expect(await members()).toEqual([1000, 1001]);
  lines.set('group holdfast', 'holdfast:x:998:ann\n');
  expect(await members()).toEqual([1000]);
  lines.set('group holdfast', 'holdfast:x:998:ann,bob\n');
  expect(await members()).toEqual([1000]);
});

test('a group that is gone is believed the second time', async () => {
  const { lines, members } = directory();
  expect(await members()).toEqual([1000, 1001]);
  lines.delete('group holdfast');
  await expect(members()).rejects.toMatchObject({ code: 'machine-failed', message: 'the group holdfast is not known any more, which may pass' });
  expect(await members()).toEqual([]);
});
