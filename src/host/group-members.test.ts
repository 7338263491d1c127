import { expect, test } from 'vitest';
import { groupMembers, namesIn, uidsIn } from './group-members.ts';

test('members are read from a group\'s line, and what is no user name is left out', () => {
  expect(namesIn('holdfast:x:998:ann,bob.b,dom\\eve,-rf,\n')).toEqual(['ann', 'bob.b', 'dom\\eve']);
  expect(namesIn('holdfast:x:998:\n')).toEqual([]);
  expect(namesIn('')).toEqual([]);
});

test('uids are read from their lines', () => {
  expect(uidsIn('ann:x:1000:1000:Ann,,,:/home/ann:/bin/bash\nbob:x:1001:1001::/home/bob:/bin/sh\nbroken\n')).toEqual([1000, 1001]);
});

test.runIf(process.platform === 'linux')('a group that is not there has no members', async () => {
  expect(await groupMembers('no-such-group-here')).toEqual([]);
});
