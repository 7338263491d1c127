import { expect, test } from 'vitest';
import { ARCHITECTURE_NAMES, parseArchitecture, requireArchitecture } from './architecture.ts';

test.each([['x86_64', 'x86_64'], ['amd64', 'x86_64'], ['aarch64', 'aarch64'], ['arm64', 'aarch64'], ['ARM64', 'aarch64'], ['mips', undefined], ['constructor', undefined]])('%s means %s', (name, meant) => {
  expect(parseArchitecture(name)).toBe(meant);
});

test('every name that is offered is taken, and another is answered with them', () => {
  for (const name of ARCHITECTURE_NAMES) expect(requireArchitecture(name)).toBe(parseArchitecture(name));
  expect(() => requireArchitecture('mips')).toThrowError(expect.objectContaining({ code: 'bad-argument', hint: expect.stringContaining('arm64') as string }) as Error);
});
