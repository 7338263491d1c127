import { expect, test } from 'vitest';
import { HoldfastError } from '../../core/errors.ts';
import { releaseToBuild } from './releases.ts';

test.each([
  ['debian', '12'],
  ['debian:13', '13'],
  ['debian-12', '12'],
  ['Debian:trixie', '13'],
  ['bookworm', '12'],
])('%s is Debian %s', (text, version) => expect(releaseToBuild(text).version).toBe(version));

test.each(['debian:11', 'ubuntu', 'debianx', '../13'])('%s cannot be built, and the error lists what can', (text) => {
  expect(() => releaseToBuild(text)).toThrow(HoldfastError);
});
