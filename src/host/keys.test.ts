import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { ensureInstanceKeys } from './keys.ts';

test('keys are made once, private, and in forms that ssh reads', async () => {
  const home = await mkdtemp(join(tmpdir(), 'hf-keys-'));
  try {
    const first = await ensureInstanceKeys(join(home, 'keys'));
    expect(await ensureInstanceKeys(join(home, 'keys'))).toEqual(first);
    expect(new Set(Object.values(first).map((pair) => pair.publicKey)).size).toBe(5);
    for (const pair of Object.values(first)) {
      const parsed = ssh2.utils.parseKey(pair.privateKey);
      if (parsed instanceof Error) throw parsed;
      expect(pair.publicKey).toMatch(/^ssh-ed25519 [A-Za-z0-9+/=]+ holdfast-/);
      expect(pair.publicKey.split(' ')[1]).toBe(parsed.getPublicSSH().toString('base64'));
    }
    expect((await stat(join(home, 'keys', 'control'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(home, 'keys'))).mode & 0o777).toBe(0o700);
  } finally {
    await rm(home, { recursive: true });
  }
});
