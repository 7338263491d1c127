import { expect, test } from 'vitest';
import { remedyFor } from './remedies.ts';

test.each([
  ['hold:lost', 'holdfast info apollo'], ['hold:held', 'nothing needs doing'], ['its control lane:host-key', 'holdfast logs apollo'],
  ['disk-full', 'holdfast info apollo'], ['its session lane:sshd', 'it is tried again'], ['reporter-flood', 'holdfast restart apollo'],
])('%s: %s', (cause, remedy) => expect(remedyFor(cause, 'apollo')).toContain(remedy));
