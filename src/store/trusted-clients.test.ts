import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { trustedClients } from './trusted-clients.ts';

test('who was added is known, to the next daemon too, once each; who was taken out of the file is not', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hf-trusted-'));
  try {
    const file = join(directory, 'trusted-clients');
    const clients = trustedClients(file);
    expect(clients.has('sha256:aa')).toBe(false);
    clients.add('sha256:aa', 'ann@lab\n\u001b[31mevil sha256:cc');
    clients.add('sha256:aa', 'again');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(3);
    expect([clients.has('sha256:aa'), clients.has('sha256:cc'), clients.has('#'), clients.has('')]).toEqual([true, false, false, false]);
    writeFileSync(file, '# nobody\nsha256:bb by hand');
    expect([clients.has('sha256:aa'), clients.has('sha256:bb')]).toEqual([false, true]);
    clients.add('sha256:dd', 'bob');
    expect(['sha256:bb', 'sha256:dd'].map((each) => trustedClients(file).has(each))).toEqual([true, true]);
    rmSync(file);
    expect(clients.has('sha256:dd')).toBe(false);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
