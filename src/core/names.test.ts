import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isInstanceName, requireInstanceName } from './names.ts';

test.each(['a', 'apollo', 'A1', 'web-1', 'x'.repeat(63)])('%s is a name', (name) => expect(isInstanceName(name)).toBe(true));
test.each(['', '1a', '-a', 'a-', 'a.b', 'a_b', 'a b', 'é', '../x', 'a\n', 'x'.repeat(64)])('%j is none', (name) => {
  expect(isInstanceName(name)).toBe(false);
  expect(() => requireInstanceName(name)).toThrow(/^Invalid instance name supplied: /);
});

test('a name is safe in a path, a host name and a line of text', () => {
  fc.assert(fc.property(fc.string(), (name) => !isInstanceName(name) || /^[A-Za-z0-9-]{1,63}$/.test(name)));
});
