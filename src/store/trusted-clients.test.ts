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
    clients.add({ fingerprint: 'sha256:aa', name: 'ann@lab\n\u001b[31mevil sha256:cc', address: '10.0.0.7' });
    clients.add({ fingerprint: 'sha256:aa', name: 'again', address: '10.0.0.8' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(3);
    expect([clients.has('sha256:aa'), clients.has('sha256:cc'), clients.has('#'), clients.has('')]).toEqual([true, false, false, false]);
    writeFileSync(file, '# nobody\nsha256:bb by hand');
    expect([clients.has('sha256:aa'), clients.has('sha256:bb')]).toEqual([false, true]);
    clients.add({ fingerprint: 'sha256:dd', name: 'bob', address: '::1' });
    expect(['sha256:bb', 'sha256:dd'].map((each) => trustedClients(file).has(each))).toEqual([true, true]);
    rmSync(file);
    expect(clients.has('sha256:dd')).toBe(false);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('each is told with what it said, where it came from and when; what stands in front of the address is its own word', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hf-trusted-'));
  try {
    const file = join(directory, 'trusted-clients');
    const clients = trustedClients(file);
    expect(clients.all()).toEqual([]);
    clients.add({ fingerprint: 'sha256:aa', name: `bob from 10.9.9.9 ${'x'.repeat(500)} from 10.9.9.9`, address: '10.0.0.7' });
    writeFileSync(file, `${readFileSync(file, 'utf8')}sha256:bb by hand\n  sha256:aa twice\n\nsha256:cc\n`);
    const since = expect.stringMatching(/^\d{4}-/) as string;
    expect(clients.all()).toEqual([
      { fingerprint: 'sha256:aa', name: expect.stringMatching(/^bob from 10\.9\.9\.9 x+…$/) as string, address: '10.0.0.7', since },
      { fingerprint: 'sha256:bb', name: 'by hand', address: null, since: null },
      { fingerprint: 'sha256:cc', name: '', address: null, since: null },
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('who is removed is out, and all else in the file stays as it is', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hf-trusted-'));
  try {
    const file = join(directory, 'trusted-clients');
    const clients = trustedClients(file);
    writeFileSync(file, '# ours\nsha256:aa one\n\n sha256:bb two\nsha256:aa again\n# sha256:aa in a comment');
    clients.remove('sha256:aa');
    expect(readFileSync(file, 'utf8')).toBe('# ours\n\n sha256:bb two\n# sha256:aa in a comment');
    expect(['sha256:aa', 'sha256:bb'].map((each) => clients.has(each))).toEqual([false, true]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    clients.add({ fingerprint: 'sha256:aa', name: 'back', address: '::1' });
    expect(clients.all().map(({ name }) => name)).toEqual(['two', 'back']);
    rmSync(file);
    expect(() => clients.remove('sha256:aa')).toThrow(expect.objectContaining({ code: 'home-unusable' }));
  } finally {
    rmSync(directory, { recursive: true });
  }
});
