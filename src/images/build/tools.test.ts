import { expect, test } from 'vitest';
import { requireBuildTools } from './tools.ts';

test.each([
  ['root\'s, of this machine\'s architecture', { asRoot: true, foreign: false }, [], ['newuidmap', 'arch-test']],
  ['a plain user\'s', { asRoot: false, foreign: false }, ['newuidmap'], ['arch-test']],
  ['root\'s, of another architecture', { asRoot: true, foreign: true }, ['arch-test'], ['newuidmap']],
])('a build of %s needs what it runs, and no more', async (_, build, needed, unneeded) => {
  const told = await requireBuildTools('/nowhere', build).then(() => '', ({ message }: Error) => message);
  for (const program of ['mmdebstrap', ...needed]) expect(told).toContain(program);
  for (const program of unneeded) expect(told).not.toContain(program);
});
