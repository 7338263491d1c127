import { expect, test } from 'vitest';
import { run } from './run.ts';

test('a missing program is named with the package that brings it', async () => {
  const options = { signal: new AbortController().signal, env: { PATH: '/nonexistent' } };
  await expect(run('mmdebstrap', [], options)).rejects.toMatchObject({
    code: 'tool-missing', message: 'mmdebstrap is not installed', hint: 'install it: apt-get install mmdebstrap',
  });
});
