import { expect, test } from 'vitest';
import { fail } from '../../core/errors.ts';
import { remedyFor, remedyForUnkept } from './remedies.ts';

test.each([
  ['hold:lost', 'holdfast info apollo'], ['hold:held', 'nothing needs doing'], ['its control lane:host-key', 'holdfast logs apollo'],
  ['disk-full', 'holdfast info apollo'], ['its session lane:sshd', 'it is tried again'], ['reporter-flood', 'holdfast restart apollo'],
])('%s: %s', (cause, remedy) => expect(remedyFor(cause, 'apollo')).toContain(remedy));

test('what could not be written down for want of space is told to need some, and nothing else is', () => {
  expect(remedyForUnkept(fail('no-space', 'the disk is full'), 'look')).toBe('free some disk space where the home is');
  for (const error of [fail('home-unusable', 'it is read-only'), new Error('the disk is full'), 'full']) expect(remedyForUnkept(error, 'look')).toBe('look');
});
