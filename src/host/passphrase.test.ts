import { expect, test } from 'vitest';
import { hashPassphrase, isPassphrase } from './passphrase.ts';

test('a passphrase is known again by what is kept, which does not say it, and twice is not the same', async () => {
  const [once, twice] = [await hashPassphrase('correct horse'), await hashPassphrase('correct horse')];
  expect(once).toMatch(/^scrypt:16384:8:1:/);
  expect(once).not.toContain('correct');
  expect(once).not.toBe(twice);
  expect([await isPassphrase('correct horse', once), await isPassphrase('correct horse ', once), await isPassphrase('', once)]).toEqual([true, false, false]);
  expect(await isPassphrase('x', 'plain text')).toBe(false);
});
